import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LedgerOutcome, LedgerSettlement, SettlementLookup } from "../../../../src/ledger/port.ts";
import { isEffectful, settle } from "../../../../src/ledger/settle.ts";
import { freeze, type Settlement } from "../../../../src/settlement/settlement.ts";
import { ACCEPTED, HELD, REJECTED, SETTLEMENT, UNAVAILABLE, UNKNOWN } from "../../../support/records.ts";

const NO_EVENT: LedgerOutcome = { ...ACCEPTED, ledger_status: 200, ledger_event_id: null };
const found = (settlement: Partial<LedgerSettlement> = {}): SettlementLookup => ({
  kind: "found",
  settlement: { ...HELD, latest_event_id: "led_9", ...settlement },
});
const ABSENT: SettlementLookup = { kind: "absent" };
const UNPROVEN = { kind: "unproven", ledger_status: 200, settlement_id: "stl_1" };
const PROVEN = { ...ACCEPTED, ledger_status: 200, ledger_event_id: "led_9" };

/** Plays one turn against these answers, in their order; tells what was asked. */
async function turn(
  ingests: readonly LedgerOutcome[],
  looks: readonly SettlementLookup[],
  { readBack = false, settlement = SETTLEMENT as Settlement } = {},
) {
  const asked: string[] = [];
  const [ingest, look] = [[...ingests], [...looks]];
  const next = <T>(answers: T[], what: string): T => {
    asked.push(what);
    const answer = answers.shift();
    if (answer === undefined) throw new Error(`${what} was not expected`);
    return answer;
  };
  let left = 100;
  const outcome = await settle(
    {
      ingest: async (_payload, _key, timeoutMs) => next(ingest, `ingest within ${timeoutMs}`),
      findSettlement: async (id, direction, timeoutMs) =>
        next(look, `${direction} ${id} within ${timeoutMs}`),
    },
    { payload: freeze(settlement), idempotency_key: "k", read_back: readBack },
    () => (left -= 10),
  );
  return { outcome, asked };
}

describe("the first turn of a settlement", () => {
  it.each([ACCEPTED, REJECTED, UNAVAILABLE, UNKNOWN])(
    "answered $kind → that, and nothing is read",
    async (answer) => {
      expect(await turn([answer], [])).toEqual({ outcome: answer, asked: ["ingest within 90"] });
    },
  );

  it.each([
    ["the ledger's books show its effect → accepted", found(), PROVEN],
    ["they show the settlement without an effect → unproven", found({ latest_event_id: null }), UNPROVEN],
    ["they do not show it at all → unproven", ABSENT, UNPROVEN],
    ["they cannot be read → unproven", UNAVAILABLE, UNPROVEN],
    ["no answer → unproven", UNKNOWN, UNPROVEN],
  ])("2xx without an event, and %s", async (_, look, outcome) => {
    expect(await turn([NO_EVENT], [look])).toEqual({
      outcome,
      asked: ["ingest within 90", "payin pi_1 within 80"],
    });
  });

  it.each([
    ["another account", { account_id: "acc_2" }],
    ["another amount", { amount_minor: "1235" }],
    ["another currency", { currency: "EUR" }],
    ["another status", { status: "reversed" }],
  ])("the books' settlement has %s → unproven: that event proves something else", async (_, other) => {
    expect((await turn([NO_EVENT], [found(other)])).outcome).toEqual(UNPROVEN);
  });

  it("the books show no effect → unproven as they show it, whatever the answer named", async () => {
    const answer = { ...NO_EVENT, ledger_status: 201, settlement_id: "stl_other" };
    expect((await turn([answer], [found({ latest_event_id: null })])).outcome).toEqual(UNPROVEN);
  });

  it.each([
    ["payin", "failed"],
    ["payin", "pending"],
    ["refund", "reversed"],
    ["payout", "failed"],
    ["payout", "reversed"],
  ] as const)("%s %s only records → a 2xx is enough", async (direction, status) => {
    const settlement = { ...SETTLEMENT, direction, status };
    expect((await turn([NO_EVENT], [], { settlement })).outcome).toEqual(NO_EVENT);
  });
});

describe("refused for the status that the ledger holds", () => {
  const TRANSITION: LedgerOutcome = {
    ...REJECTED,
    ledger_status: 409,
    ledger_code: "INVALID_STATUS_TRANSITION",
  };
  const paid = { ...SETTLEMENT, direction: "payout", external_payment_id: "po_1" } as const;
  const heldAs = (status: string) => found({ status, latest_event_id: null });

  it("a payout paid, and the ledger holds it as reversed → overtaken", async () => {
    expect(await turn([TRANSITION], [heldAs("reversed")], { settlement: paid })).toEqual({
      outcome: { kind: "overtaken", ledger_status: 409 },
      asked: ["ingest within 90", "payout po_1 within 80"],
    });
  });

  it.each([
    ["holds it as failed", heldAs("failed")],
    ["holds it as confirmed", heldAs("confirmed")],
    ["does not hold it", ABSENT],
  ])("a payout paid, and the ledger %s → rejected: an operator sees it", async (_, look) => {
    expect((await turn([TRANSITION], [look], { settlement: paid })).outcome).toEqual(TRANSITION);
  });

  it.each([UNAVAILABLE, UNKNOWN])(
    "a payout paid, and the ledger does not say how it holds it (%j) → it heals",
    async (look) => {
      expect((await turn([TRANSITION], [look], { settlement: paid })).outcome).toEqual(look);
    },
  );

  it.each([
    ["payin", "confirmed"],
    ["payin", "failed"],
    ["refund", "confirmed"],
    ["payout", "reversed"],
    ["payout", "failed"],
  ] as const)("a %s %s → rejected, and nothing is read", async (direction, status) => {
    const settlement = { ...SETTLEMENT, direction, status };
    expect(await turn([TRANSITION], [], { settlement })).toEqual({
      outcome: TRANSITION,
      asked: ["ingest within 90"],
    });
  });

  it("for another reason → rejected, and nothing is read", async () => {
    const duplicate: LedgerOutcome = { ...TRANSITION, ledger_code: "DUPLICATE_CONFLICT" };
    expect((await turn([duplicate], [], { settlement: paid })).outcome).toEqual(duplicate);
  });
});

describe("a turn after an answer without an effect: reads back first", () => {
  it.each([
    ["its effect is there → accepted, nothing is sent", found(), PROVEN],
    ["no effect yet → unproven, nothing is sent", found({ latest_event_id: null }), UNPROVEN],
    ["the ledger is away → that, nothing is sent", UNAVAILABLE, UNAVAILABLE],
    ["no answer → unknown, nothing is sent", UNKNOWN, UNKNOWN],
  ])("%s", async (_, look, outcome) => {
    expect(await turn([], [look], { readBack: true })).toEqual({ outcome, asked: ["payin pi_1 within 90"] });
  });

  it("the settlement is gone altogether → it is sent again, and its effect looked for", async () => {
    expect((await turn([ACCEPTED], [ABSENT], { readBack: true })).outcome).toEqual(ACCEPTED);
    expect(await turn([NO_EVENT], [ABSENT, ABSENT], { readBack: true })).toEqual({
      outcome: UNPROVEN,
      asked: ["payin pi_1 within 90", "ingest within 80", "payin pi_1 within 70"],
    });
  });
});

function settlementOf(direction: Settlement["direction"], status: Settlement["status"]): Settlement {
  return { ...SETTLEMENT, direction, status };
}

describe("whatever the ledger answers", () => {
  const ingest = fc.constantFrom<LedgerOutcome>(ACCEPTED, NO_EVENT, REJECTED, UNAVAILABLE, UNKNOWN);
  const look = fc.constantFrom<SettlementLookup>(
    found(),
    found({ latest_event_id: null }),
    ABSENT,
    UNAVAILABLE,
  );
  const settlement = fc
    .tuple(
      fc.constantFrom<Settlement["direction"]>("payin", "refund", "payout"),
      fc.constantFrom<Settlement["status"]>("pending", "confirmed", "failed", "reversed"),
    )
    .map(([direction, status]) => settlementOf(direction, status));

  it("an effectful settlement is accepted only with the ledger's event; one turn sends at most once", async () => {
    await fc.assert(
      fc.asyncProperty(
        ingest,
        look,
        look,
        fc.boolean(),
        settlement,
        async (answer, first, second, readBack, ours) => {
          const { outcome, asked } = await turn([answer], [first, second], { readBack, settlement: ours });
          expect(asked.filter((what) => what.startsWith("ingest")).length).toBeLessThanOrEqual(1);
          const isBelieved = outcome.kind === "accepted" && outcome.ledger_event_id === null;
          expect(isBelieved && isEffectful(ours)).toBe(false);
        },
      ),
    );
  });
});
