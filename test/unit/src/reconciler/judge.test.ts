import { describe, expect, it } from "vitest";
import type { EventRecord } from "../../../../src/event/record.ts";
import { stateOf } from "../../../../src/event/view.ts";
import type { SettlementLookup } from "../../../../src/ledger/port.ts";
import type { Difference } from "../../../../src/reconciler/findings.ts";
import type { Evidence, Inspection, Listed } from "../../../../src/reconciler/evidence.ts";
import { actFor, judge } from "../../../../src/reconciler/judge.ts";
import { type Bounds, PURGE_MARGIN_MS } from "../../../../src/reconciler/window.ts";
import { freeze, type Settlement } from "../../../../src/settlement/settlement.ts";
import {
  ASKING,
  busy,
  DAY,
  EVENT_ID,
  failedForGood,
  forwarded,
  forwarding,
  healing,
  HELD,
  held,
  IGNORED,
  ignored,
  MONEY,
  received,
  resolved,
  SECOND,
  SETTLEMENT,
  T0,
  UNMAPPABLE,
  unmappable,
} from "../../../support/records.ts";

const BOUNDS: Bounds = { purged_before: T0 - 30 * DAY, naming: 2, renamed_at: null };
/** The first millisecond that cannot have been purged. */
const KEPT_SINCE = BOUNDS.purged_before + PURGE_MARGIN_MS;

const LISTED: Listed = {
  event_id: EVENT_ID,
  event_type: "payment_intent.succeeded",
  created: T0 - DAY,
  mapping: MONEY,
};
const UNKNOWN: Inspection = { kind: "unknown" };
const UNREACHABLE: Inspection = { kind: "unreachable" };
const known = (record: EventRecord, alarmAt: number | null = null): Inspection => ({
  kind: "known",
  event: stateOf(record, alarmAt, null),
});

describe("what is done about a listed event", () => {
  const retryAt = (at: number | null) => known(healing({ next_retry_at: at }));

  it.each<[string, Partial<Listed>, Inspection, string | null]>([
    ["unreachable", {}, UNREACHABLE, null],
    ["unknown", {}, UNKNOWN, "deliver"],
    ["unknown, as old as what is surely kept", { created: KEPT_SINCE }, UNKNOWN, "deliver"],
    ["unknown, a millisecond older", { created: KEPT_SINCE - 1 }, UNKNOWN, null],
    ["received, its lease over", {}, known(received(), T0), "poke"],
    ["received, its lease not over", {}, known(received(), T0 + 1), "wait"],
    ["received, without an alarm", {}, known(received()), "poke"],
    ["forwarding, its lease over", {}, known(forwarding(), T0), "poke"],
    ["forwarding, its lease not over", {}, known(forwarding(), T0 + 1), "wait"],
    ["forwarding, without an alarm", {}, known(forwarding()), "poke"],
    ["failed, its retry due", {}, retryAt(T0), "poke"],
    ["failed, its retry due in a millisecond", {}, retryAt(T0 + 1), null],
    ["failed for good", {}, known(failedForGood()), null],
    ["unmappable, and money now", {}, known(unmappable()), "redeliver"],
    ["unmappable, still", { mapping: UNMAPPABLE }, known(unmappable()), null],
    ["unmappable, and nothing for the ledger now", { mapping: IGNORED }, known(unmappable()), null],
    ["unmappable, as an attempt found out", {}, known(unmappable({ attempts: 1 })), null],
    ["its lane busy, before the first attempt", {}, known(busy({ next_retry_at: T0 + 1 })), null],
    ["of another currency", {}, known(held()), null],
    ["forwarded", {}, known(forwarded()), null],
    ["ignored, and money now", {}, known(ignored()), "redeliver"],
    ["ignored, and money now, with a question before it", { mapping: ASKING }, known(ignored()), "redeliver"],
    ["ignored, and nothing for the ledger still", { mapping: IGNORED }, known(ignored()), null],
    ["ignored, and unmappable now", { mapping: UNMAPPABLE }, known(ignored()), null],
    ["ignored, as an attempt found out", {}, known(ignored({ attempts: 1 })), null],
    ["resolved", {}, known(resolved()), null],
    ["known, however old", { created: 0 }, known(received()), "poke"],
  ])("%s → %3$s", (_, listed, inspection, act) => {
    expect(actFor({ ...LISTED, ...listed }, inspection, BOUNDS, T0)).toBe(act);
  });

  it.each([
    ["unknown", UNKNOWN, "deliver"],
    ["ignored, and money now", known(ignored()), "redeliver"],
    ["unmappable, and money now", known(unmappable()), "redeliver"],
  ])(
    "%s, from before movements were named otherwise → neither: it may be booked already",
    (_, inspection, act) => {
      const bounds = { ...BOUNDS, renamed_at: T0 };
      expect(actFor({ ...LISTED, created: T0 - 1 }, inspection, bounds, T0)).toBeNull();
      expect(actFor({ ...LISTED, created: T0 }, inspection, bounds, T0)).toBe(act);
    },
  );
});

const holds = (fields: Partial<typeof HELD> = {}): SettlementLookup => ({
  kind: "found",
  settlement: { ...HELD, ...fields },
});

/** Nothing to complain about, unless said otherwise. */
const judged = (evidence: Partial<Evidence>) =>
  judge({
    listed: LISTED,
    inspection: known(forwarded()),
    act: null,
    ledger: holds(),
    bounds: BOUNDS,
    ...evidence,
  });
/** Kind, field, both values and reason of each difference. */
const briefly = ({ kind, field, ours, theirs, reason }: Difference) => [kind, field, ours, theirs, reason];
const found = (evidence: Partial<Evidence>) => judged(evidence).differences.map(briefly);
const plain = (kind: string, reason: string | null = null) => [kind, "", null, null, reason];

const onSide = (side: string, fields: object = {}) => ({
  side,
  currency: "USD",
  direction: "payin",
  status: "confirmed",
  amount_minor: "1234",
  ...fields,
});

describe("an event that is not here", () => {
  it.each<[string, Partial<Evidence>, ReturnType<typeof plain>]>([
    ["its object does not answer", { inspection: UNREACHABLE }, plain("unreachable")],
    ["not delivered", { inspection: UNKNOWN }, plain("missing")],
    ["delivered in vain", { inspection: UNKNOWN, act: "deliver" }, plain("missing", "not_delivered")],
    [
      "perhaps purged",
      { inspection: UNKNOWN, listed: { ...LISTED, created: KEPT_SINCE - 1 } },
      plain("expired"),
    ],
    [
      "just not purged",
      { inspection: UNKNOWN, listed: { ...LISTED, created: KEPT_SINCE } },
      plain("missing"),
    ],
  ])("%s → its kind, and money on Stripe's side alone", (_, evidence, difference) => {
    const { differences, amounts } = judged(evidence);
    expect(differences.map(briefly)).toEqual([difference]);
    expect(amounts).toEqual([onSide("stripe")]);
  });

  it.each([UNREACHABLE, UNKNOWN])("that moves no money, $kind → no amount", (inspection) => {
    expect(judged({ inspection, listed: { ...LISTED, mapping: IGNORED } }).amounts).toEqual([]);
  });

  it("that moves money → the difference carries it, and the event's own time", () => {
    expect(judged({ inspection: UNKNOWN }).differences).toEqual([
      {
        event_id: EVENT_ID,
        event_type: "payment_intent.succeeded",
        created_at: new Date(T0 - DAY).toISOString(),
        kind: "missing",
        field: "",
        ours: null,
        theirs: null,
        reason: null,
        payment_id: "pi_1",
        direction: "payin",
        status: "confirmed",
        currency: "USD",
        transaction_id: null,
        settlement_id: null,
        amount_minor: "1234",
      },
    ]);
  });

  it("that moves no money → nulls", () => {
    const money = { payment_id: null, direction: null, status: null, currency: null, amount_minor: null };
    const { differences } = judged({ inspection: UNKNOWN, listed: { ...LISTED, mapping: IGNORED } });
    expect(differences).toEqual([expect.objectContaining({ kind: "missing", ...money })]);
  });
});

describe("an event that is forwarded", () => {
  it("and all three agree → no difference, the same amount on three sides", () => {
    expect(judged({})).toEqual({
      differences: [],
      amounts: [onSide("stripe"), onSide("clawsettle"), onSide("ledger")],
    });
  });

  const listedByStripe = known(forwarded({ secret: null }));
  it.each<[string, Partial<Evidence>, unknown[]]>([
    ["delivered by this run", { act: "deliver", inspection: listedByStripe }, [plain("backfilled")]],
    ["delivered, but a webhook came first", { act: "deliver" }, []],
    ["delivered by an earlier run", { act: null, inspection: listedByStripe }, []],
    ["poked", { act: "poke" }, [plain("healed")]],
    ["delivered again", { act: "redeliver" }, [plain("healed")]],
    ["waited for", { act: "wait" }, []],
  ])("%s → %2$j", (_, evidence, differences) => {
    expect(found(evidence)).toEqual(differences);
  });

  it.each<[string, SettlementLookup | null, unknown[]]>([
    ["holds another amount", holds({ amount_minor: "1" }), ["mismatched", "amount_minor", "1234", "1", null]],
    [
      "holds it for another account",
      holds({ account_id: "x" }),
      ["mismatched", "account_id", "acc_1", "x", null],
    ],
    ["does not hold it", { kind: "absent" }, plain("not_in_ledger")],
    ["was not asked", null, plain("unverified")],
    [
      "is silent",
      { kind: "unknown", why: "timeout", ledger_status: null },
      plain("unverified", "ledger_silent"),
    ],
    [
      "fails",
      { kind: "unavailable", ledger_status: 503, ledger_code: null, retry_after_ms: null },
      plain("unverified", "ledger_503"),
    ],
    [
      "refuses",
      { kind: "rejected", ledger_status: 400, ledger_code: "INVALID_REQUEST" },
      plain("unverified", "ledger_400"),
    ],
  ])("the ledger %s → %2$j", (_, ledger, difference) => {
    expect(found({ ledger })).toEqual([difference]);
  });

  it("the ledger holds nothing, or does not answer → no amount on its side", () => {
    const amounts = [onSide("stripe"), onSide("clawsettle")];
    expect(judged({ ledger: { kind: "absent" } }).amounts).toEqual(amounts);
    expect(judged({ ledger: null }).amounts).toEqual(amounts);
  });

  it("the ledger holds other money → it counts as what it is", () => {
    const { amounts } = judged({ ledger: holds({ amount_minor: "7", currency: "EUR" }) });
    expect(amounts.at(-1)).toEqual(onSide("ledger", { amount_minor: "7", currency: "EUR" }));
  });

  const PAYOUT: Settlement = { ...SETTLEMENT, direction: "payout", external_payment_id: "po_1" };
  const payout = {
    listed: { ...LISTED, mapping: { kind: "settlement", settlement: PAYOUT } },
    inspection: known(forwarded({ payload: freeze(PAYOUT) })),
  } as const;
  it("a payout that came back → in order, and counted with the event that paid it", () => {
    const { differences, amounts } = judged({ ...payout, ledger: holds({ status: "reversed" }) });
    expect(differences).toEqual([]);
    expect(amounts.at(-1)).toEqual(onSide("ledger", { direction: "payout" }));
  });

  it("a status that no event brings → named, and counted as what it is", () => {
    const { differences, amounts } = judged({ ...payout, ledger: holds({ status: "failed" }) });
    expect(differences.map(briefly)).toEqual([["mismatched", "status", "confirmed", "failed", null]]);
    expect(amounts.at(-1)).toEqual(onSide("ledger", { direction: "payout", status: "failed" }));
  });
});

describe("an event that is not forwarded", () => {
  it.each<[string, EventRecord, string, string | null]>([
    ["received", received(), "open", null],
    ["forwarding", forwarding(), "open", null],
    ["failed, with a retry", healing(), "open", "ledger_unavailable"],
    ["failed for good", failedForGood(), "failed", "ledger_rejected"],
    ["of another currency", held(), "failed", "currency_not_settled"],
    ["unmappable", unmappable(), "unmappable", "account_missing"],
    ["ignored", ignored(), "ignored", "not_a_settlement_event"],
    ["resolved", resolved({ reason: "ledger_rejected" }), "resolved", "ledger_rejected"],
  ])(
    "%s → %2$s, for its reason; it has no amount here, and none in the ledger",
    (_, record, kind, reason) => {
      const listed = { ...LISTED, mapping: UNMAPPABLE };
      const { differences, amounts } = judged({ listed, inspection: known(record) });
      expect(differences.map(briefly)).toEqual([plain(kind, reason)]);
      expect(amounts).toEqual([]);
    },
  );

  it("delivered by this run, and failed → both", () => {
    const inspection = known(failedForGood({ secret: null }));
    expect(found({ act: "deliver", inspection })).toEqual([
      plain("backfilled"),
      plain("failed", "ledger_rejected"),
    ]);
  });

  it.each(["poke", "redeliver"] as const)("%s, and still failing → not healed", (act) => {
    expect(found({ act, inspection: known(healing()) })).toEqual([plain("open", "ledger_unavailable")]);
  });

  it.each([
    ["what came of a payout before the payout", "payout_overtaken"],
    ["a refund that never left", "refund_not_moved"],
  ])("ignored, as the ledger knew of %s → its reason, no conflict, and no money anywhere", (_, reason) => {
    const inspection = known(ignored({ reason, attempts: 1 }));
    const { differences, amounts } = judged({ inspection });
    expect(differences.map(briefly)).toEqual([plain("ignored", reason)]);
    expect(amounts).toEqual([]);
  });

  it("unmappable, as an attempt found out → money on Stripe's side alone", () => {
    const { differences, amounts } = judged({ inspection: known(unmappable({ attempts: 1 })) });
    expect(differences.map(briefly)).toEqual([plain("unmappable", "account_missing")]);
    expect(amounts).toEqual([onSide("stripe")]);
  });
});

describe("Stripe lists other money than was recorded", () => {
  const listing = (mapping: Listed["mapping"]) => ({ listed: { ...LISTED, mapping } });
  const other = listing({ kind: "settlement", settlement: { ...SETTLEMENT, amount_minor: "9" } });

  it.each<[string, EventRecord]>([
    ["forwarded", forwarded()],
    ["failed", failedForGood()],
    ["resolved", resolved()],
  ])("another amount, %s → both values", (_, record) => {
    expect(found({ ...other, inspection: known(record) })).toContainEqual([
      "conflicting",
      "amount_minor",
      "1234",
      "9",
      null,
    ]);
  });

  it.each<[string, Listed["mapping"], EventRecord, unknown[]]>([
    ["money, and it was ignored", MONEY, ignored(), ["ignored", "settlement"]],
    ["no money, and it was forwarded", IGNORED, forwarded(), ["settlement", "ignored"]],
    ["what cannot be mapped, and it was forwarded", UNMAPPABLE, forwarded(), ["settlement", "unmappable"]],
  ])("%s → a conflict of the mapping", (_, mapping, record, values) => {
    const conflicts = found({ ...listing(mapping), inspection: known(record) }).filter(
      ([kind]) => kind === "conflicting",
    );
    expect(conflicts).toEqual([["conflicting", "mapping", ...values, null]]);
  });

  it("under another id, of the same object → no conflict: that name is of an earlier mapping", () => {
    const renamed = { ...SETTLEMENT, external_payment_id: "txn_1", amount_minor: "9" };
    expect(found(listing({ kind: "settlement", settlement: renamed }))).toEqual([]);
  });

  it.each<[string, Listed["mapping"], EventRecord]>([
    ["no money, and it was ignored", IGNORED, ignored()],
    ["no money, and it failed", IGNORED, healing()],
    ["money, and it could not be mapped then", MONEY, unmappable()],
    ["the same money, whose attempt failed", MONEY, healing({ next_retry_at: T0 + 60 * SECOND })],
  ])("%s → no conflict", (_, mapping, record) => {
    expect(found({ ...listing(mapping), inspection: known(record) }).map(([kind]) => kind)).not.toContain(
      "conflicting",
    );
  });
});
