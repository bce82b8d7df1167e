import { serialize } from "node:v8";
import { describe, expect, it } from "vitest";
import { transition } from "../../../../src/event/machine.ts";
import { type EventRecord, isFinal, isInAttempt } from "../../../../src/event/record.ts";
import { parseRecord, toStored } from "../../../../src/event/stored-record.ts";
import { mapEvent } from "../../../../src/settlement/map.ts";
import { parseEvent } from "../../../../src/stripe/event.ts";
import {
  at,
  delivered,
  EVERY_STATE,
  failedForGood,
  forwarded,
  forwarding,
  healing,
  T0,
  unmappable,
  PAYIN_HELD,
} from "../../../support/records.ts";

const everyState = Object.entries(EVERY_STATE);

function without(record: object, field: string): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));
}

const WITH_DEFAULT = new Set([
  "account",
  "deliveries",
  "secret",
  "conflict",
  "actions",
  "effect",
  "busy",
  "money",
]);

describe("what the store may hold", () => {
  it.each(everyState)("%s → read again as it was written", (_, state) => {
    expect(parseRecord(structuredClone(toStored(state())))).toEqual(state());
  });

  it("what holds its default is not stored", () => {
    const defaults = { account: null, deliveries: 1, secret: 0, conflict: null, actions: [] };
    const stored = toStored({ ...forwarded(), ...defaults });
    expect(Object.keys(stored).filter((name) => name in defaults)).toEqual([]);
    expect(parseRecord(stored)).toEqual({ ...forwarded(), ...defaults });
  });

  it.each(everyState)(
    "%s with a field of a later version → refused, so that it is not overwritten",
    (_, state) => {
      expect(() => parseRecord({ ...state(), later: 1 })).toThrow("Unrecognized key");
    },
  );

  it.each(everyState)("%s without any one of its fields that has no default → refused", (_, state) => {
    const record = state();
    const hasDefault = (field: string) =>
      WITH_DEFAULT.has(field) || (field === "body" && record.state === "resolved");
    for (const field of Object.keys(record).filter((name) => !hasDefault(name))) {
      expect(() => parseRecord(without(record, field))).toThrow("Invalid");
    }
  });

  it.each(["settled", "", null, undefined])("a record in the state %o → refused", (state) => {
    expect(() => parseRecord({ ...forwarded(), state })).toThrow("Invalid");
  });

  it.each([null, undefined, "", 1, [], "forwarded"])("%o → refused", (stored) => {
    expect(() => parseRecord(stored)).toThrow("Invalid");
  });
});

describe("what cannot be written down", () => {
  it.each([
    ["failed at the ledger without an error", without(failedForGood(), "error")],
    [
      "failed at the ledger with an error that was accepted",
      { ...failedForGood(), error: { ...failedForGood().error, outcome: "accepted" } },
    ],
    ["failed without a cause", without(failedForGood(), "cause")],
    ["failed and unmappable, with a retry", { ...unmappable(), next_retry_at: T0 }],
    ["failed and unmappable, its body not bytes", { ...unmappable(), body: "{}" }],
    ["forwarding without an attempt", without(forwarding(), "attempt")],
    ["forwarding with a draft", { ...forwarding(), work: EVERY_STATE.received().work }],
    ["received with frozen bytes", { ...EVERY_STATE.received(), work: forwarding().work }],
    ["forwarded without a settlement", without(forwarded(), "settlement_id")],
    ["forwarded with a retry", { ...forwarded(), next_retry_at: T0 }],
    ["healing with a retry at no whole millisecond", { ...healing(), next_retry_at: T0 + 0.5 }],
    ["healing with a retry at NaN", { ...healing(), next_retry_at: Number.NaN }],
    ["a time before 1970", { ...healing(), updated_at: -1 }],
    ["attempts that are no count", { ...healing(), attempts: 1.5 }],
    ["a log entry with an unknown trigger", { ...healing(), log: [[1, "cron", T0, 1, "accepted", 201]] }],
  ])("%s → refused", (_, record) => {
    expect(() => parseRecord(record)).toThrow(/Invalid|Unrecognized|Too small/);
  });
});

describe("which states are final, and which are in an attempt", () => {
  it.each(everyState)("%s", (name, state) => {
    expect(isFinal(state())).toBe(["forwarded", "resolved", "ignored"].includes(name));
    expect(isInAttempt(state())).toBe(["received", "forwarding"].includes(name));
  });
});

/**
 * SQLite keeps a row of this table on its page up to 1,002 bytes, of which the key and the header take 9.
 * Above that it spills to a page of its own, and pages at rest are most of what a settled event costs.
 */
const RECORD_MAX_BYTES = 993;

describe("a settled record stays on its page", () => {
  const ID = "3SVfBZLkdIwHu7ix0aBcDeFg";
  const payment = {
    type: "payment_intent.succeeded",
    data: {
      object: {
        id: `pi_${ID}`,
        amount_received: 123_456_789,
        currency: "usd",
        created: 1_800_000_000,
        payment_method_types: ["customer_balance"],
        metadata: { account_id: "0192f0c1-2345-7890-abcd-ef0123456789" },
      },
    },
  };
  const refund = {
    type: "refund.created",
    data: {
      object: {
        id: `re_${ID}`,
        payment_intent: `pi_${ID}`,
        amount: 1_234,
        currency: "usd",
        status: "succeeded",
        balance_transaction: `txn_${ID}`,
        created: 1_800_000_000,
      },
    },
  };

  /** As it would stand in storage, one delivery and one attempt after it came. */
  function settled(event: { type: string; data: object }): EventRecord | null {
    const envelope = {
      id: `evt_${ID}`,
      livemode: true,
      created: 1_800_000_000,
      api_version: "2026-10-28.clover",
    };
    const parsed = parseEvent(new TextEncoder().encode(JSON.stringify({ ...envelope, ...event })));
    if (parsed.kind !== "event") throw new Error(parsed.kind);
    const { id, type, api_version } = parsed.event;
    const mapping = mapEvent(parsed.event, { accountKey: "account_id", asksStripe: true });
    const told = { event_id: id, event_type: type, api_version, mapping };
    const begun = transition(null, delivered(told), at(0)).record;
    const held = { ...PAYIN_HELD.settlement, account_id: payment.data.object.metadata.account_id };
    const answer = { kind: "answer", attempt: 1, answer: { kind: "held", held } } as const;
    const record = begun?.state === "received" ? transition(begun, answer, at(1)).record : begun;
    const settlement_id = "0192f0c1-2345-7890-abcd-ef0123456789";
    // As the public ledger makes them; a whole number may be stored as a double, so a few bytes must be left.
    const ledger_event_id = "evt_m2x8k1qz_a1b2c3d4";
    const outcome = { kind: "accepted", ledger_status: 201, settlement_id, ledger_event_id } as const;
    return transition(record, { kind: "outcome", attempt: 1, outcome }, at(9_999, { inFlight: true })).record;
  }

  it.each([
    [payment, RECORD_MAX_BYTES],
    // With its payment's and its transaction's ids: a page more, for the few of them.
    [refund, 1_040],
  ])("$0.type → at most $1 bytes", (event, maxBytes) => {
    const record = settled(event);
    expect(record?.state).toBe("forwarded");
    expect(serialize(toStored(record as EventRecord)).byteLength).toBeLessThanOrEqual(maxBytes);
  });
});
