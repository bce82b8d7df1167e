import { describe, expect, it } from "vitest";
import { transition, wakeAt } from "../../../../src/event/machine.ts";
import { parseRecord } from "../../../../src/event/stored-record.ts";
import { thaw } from "../../../../src/settlement/settlement.ts";
import {
  at,
  delivered,
  digest,
  DRAFTED,
  EVENT_ID,
  EVERY_STATE,
  failedForGood,
  forwarded,
  forwarding,
  FROZEN,
  healing,
  healingDraft,
  HOUR,
  ignored,
  IGNORED,
  LEASE,
  ASKING,
  BODY,
  QUESTION_LEASE,
  PAYLOAD,
  POLICY,
  received,
  resolved,
  SECOND,
  SETTLEMENT,
  T0,
  unmappable,
  UNMAPPABLE,
} from "../../../support/records.ts";

describe("(new) + delivery", () => {
  it("of a settlement → forwarding, attempt 1, with the payload frozen and its lease's alarm", () => {
    const step = transition(null, delivered(), at(0));
    expect(step).toEqual({
      record: forwarding(),
      effects: [{ kind: "set_alarm", at: T0 + LEASE }, { kind: "attempt" }],
      verdict: "started",
    });
    expect(thaw(PAYLOAD)).toEqual(SETTLEMENT);
  });

  it("of a refund whose account is unknown → received, attempt 1, with a lease for two questions and the turn", () => {
    const step = transition(null, delivered({ mapping: ASKING, body: BODY }), at(0));
    expect(step).toEqual({
      record: received(),
      effects: [{ kind: "set_alarm", at: T0 + QUESTION_LEASE }, { kind: "attempt" }],
      verdict: "started",
    });
  });

  it("of a type that moves no money → ignored, published, nobody asked", () => {
    const step = transition(null, delivered({ mapping: IGNORED }), at(0));
    expect(step).toEqual({
      record: ignored(),
      effects: [{ kind: "set_alarm", at: T0 + 5 * SECOND }, { kind: "publish" }],
      verdict: "created",
    });
  });

  it("of money without an account → failed(unmappable) with its raw body, nobody asked", () => {
    const step = transition(null, delivered({ mapping: UNMAPPABLE, body: BODY }), at(0));
    expect(step).toEqual({
      record: unmappable({ money: UNMAPPABLE.money }),
      effects: [{ kind: "set_alarm", at: T0 + 5 * SECOND }, { kind: "publish" }],
      verdict: "created",
    });
  });

  it("keeps what the delivery said of itself, and never its secret", () => {
    const told = { livemode: true, api_version: null, body_sha256: digest(0xcd) };
    const step = transition(null, delivered({ ...told, stripe_account: "acct_1", secret_index: 1 }), at(0));
    expect(step.record).toMatchObject({ ...told, account: "acct_1", secret: 1, event_id: EVENT_ID });
  });

  it("listed by Stripe's API instead of signed → the attempt is a backfill, and no secret verified it", () => {
    const step = transition(null, delivered({ secret_index: null }), at(0));
    expect(step.record).toMatchObject({ secret: null, attempt: { trigger: "backfill" } });
    expect(parseRecord(structuredClone(step.record))).toEqual(step.record);
  });

  it("made by an operator → the attempt says so, and who it was is kept", () => {
    const sent_by = { actor: "ana", note: "seen at Stripe" };
    const step = transition(null, delivered({ secret_index: null, sent_by }), at(0));
    expect(step.record).toMatchObject({
      attempt: { trigger: "audit" },
      actions: [{ action: "deliver", ...sent_by }],
    });
    expect(parseRecord(structuredClone(step.record))).toEqual(step.record);
  });
});

describe("an attempt under way + delivery", () => {
  it("forwarding + the same delivery, attempt in flight → joined, and only counted", () => {
    const step = transition(forwarding(), delivered(), at(1, { inFlight: true }));
    expect(step).toEqual({ record: forwarding({ deliveries: 2 }), effects: [], verdict: "joined" });
  });

  it("received + the same delivery, attempt in flight → joined", () => {
    const step = transition(received(), delivered({ mapping: ASKING }), at(1, { inFlight: true }));
    expect(step).toEqual({ record: received({ deliveries: 2 }), effects: [], verdict: "joined" });
  });

  it("forwarding + delivery after a reset → forwarding, attempt 2 at once with the same bytes", () => {
    const step = transition(forwarding(), delivered(), at(2 * SECOND));
    expect(step).toEqual({
      record: forwarding({
        deliveries: 2,
        attempts: 2,
        revision: 3,
        updated_at: T0 + 2 * SECOND,
        log: [[1, "delivery", T0, 2 * SECOND, "unknown", null]],
        attempt: {
          trigger: "delivery",
          started_at: T0 + 2 * SECOND,
          lease_expires_at: T0 + 2 * SECOND + LEASE,
        },
      }),
      effects: [{ kind: "set_alarm", at: T0 + 2 * SECOND + LEASE }, { kind: "attempt" }],
      verdict: "started",
    });
  });

  it("received + delivery after a reset → received, attempt 2 looks the account up again", () => {
    const step = transition(received(), delivered({ mapping: ASKING }), at(2 * SECOND));
    expect(step).toMatchObject({
      record: { state: "received", attempts: 2, work: DRAFTED },
      effects: [{ kind: "set_alarm", at: T0 + 2 * SECOND + QUESTION_LEASE }, { kind: "attempt" }],
      verdict: "started",
    });
  });

  it("forwarding + delivery after a reset, past the horizon → failed for good, published", () => {
    const step = transition(forwarding(), delivered(), at(72 * HOUR));
    expect(step).toMatchObject({
      record: {
        state: "failed",
        cause: "ledger",
        work: FROZEN,
        error: { outcome: "unknown", detail: "interrupted", ledger_status: null },
        next_retry_at: null,
        attempts: 1,
        log: [[1, "delivery", T0, 72 * HOUR, "unknown", null]],
      },
      effects: [{ kind: "set_alarm" }, { kind: "publish" }],
    });
  });

  it("forwarding + delivery after a reset, clock set back → attempt 2, with a duration that is no negative number", () => {
    const step = transition(forwarding(), delivered(), at(-HOUR));
    expect(step.record).toMatchObject({ attempts: 2, log: [[1, "delivery", T0, 0, "unknown", null]] });
    expect(() => parseRecord(step.record)).not.toThrow();
  });
});

describe("a final event + delivery → as it was, and only counted", () => {
  it.each([
    ["forwarded", forwarded],
    ["resolved", resolved],
  ])("%s + replay, a month later → stored", (_, state) => {
    const step = transition(state(), delivered(), at(700 * HOUR));
    expect(step).toEqual({ record: state({ deliveries: 2 }), effects: [], verdict: "stored" });
  });

  it("forwarded + a delivery that now maps to nothing → stored: only money contradicts money", () => {
    for (const mapping of [IGNORED, UNMAPPABLE]) {
      expect(transition(forwarded(), delivered({ mapping }), at(1)).verdict).toBe("stored");
    }
  });

  it.each([IGNORED, UNMAPPABLE])("ignored + a delivery that maps to $kind → stored", (mapping) => {
    const step = transition(ignored(), delivered({ mapping }), at(700 * HOUR));
    expect(step).toEqual({ record: ignored({ deliveries: 2 }), effects: [], verdict: "stored" });
  });

  it("ignored + a delivery that now means money → attempt 1; in the first 5 s → stored", () => {
    expect(transition(ignored(), delivered(), at(4_999)).verdict).toBe("stored");
    const step = transition(ignored(), delivered(), at(5_000));
    expect(step).toMatchObject({ record: { state: "forwarding", attempts: 1 }, verdict: "started" });
    const asking = transition(ignored(), delivered({ mapping: ASKING, body: BODY }), at(HOUR));
    expect(asking.record).toMatchObject({ state: "received", work: DRAFTED });
  });
});

it.each([
  ["payout_overtaken", 1, "stored"],
  ["authorization_released", 1, "stored"],
  // By the event alone, which a later mapping reads otherwise.
  ["authorization_released", 0, "started"],
  // Its debit may have come since.
  ["refund_not_moved", 1, "started"],
] as const)(
  "ignored, %s after %i attempts + a delivery that means money → %s",
  (reason, attempts, verdict) => {
    const record = ignored({ reason, attempts });
    expect(transition(record, delivered({ mapping: ASKING, body: BODY }), at(HOUR)).verdict).toBe(verdict);
  },
);

describe("failed + delivery", () => {
  it.each([0, 1, 4_999])("failed(healing) + delivery after %i ms → stored: nothing can have healed", (ms) => {
    const step = transition(healing(), delivered(), at(ms));
    expect(step).toEqual({ record: healing({ deliveries: 2 }), effects: [], verdict: "stored" });
  });

  it("failed(healing) + delivery after 5 s → forwarding, attempt n+1 with the same bytes", () => {
    const step = transition(healing(), delivered(), at(5 * SECOND));
    expect(step).toEqual({
      record: forwarding({
        deliveries: 2,
        attempts: 2,
        revision: 3,
        updated_at: T0 + 5 * SECOND,
        attempt: {
          trigger: "delivery",
          started_at: T0 + 5 * SECOND,
          lease_expires_at: T0 + 5 * SECOND + LEASE,
        },
      }),
      effects: [{ kind: "set_alarm", at: T0 + 5 * SECOND + LEASE }, { kind: "attempt" }],
      verdict: "started",
    });
  });

  it("failed(healing) + a delivery whose metadata and times changed → attempt n+1 with the bytes of attempt 1", () => {
    const settlement = {
      ...SETTLEMENT,
      settled_at: "2027-01-15T08:00:00Z",
      metadata: { stripe_event_id: "evt_2" },
    };
    const mapping = { kind: "settlement", settlement } as const;
    const step = transition(healing(), delivered({ mapping }), at(5 * SECOND));
    expect(step.record).toMatchObject({ state: "forwarding", work: { payload: PAYLOAD } });
  });

  it("failed(draft) + delivery after 5 s → received: the account is looked up again", () => {
    const step = transition(healingDraft(), delivered({ mapping: ASKING }), at(5 * SECOND));
    expect(step).toMatchObject({
      record: { state: "received", work: DRAFTED, attempts: 2 },
      effects: [{ kind: "set_alarm", at: T0 + 5 * SECOND + QUESTION_LEASE }, { kind: "attempt" }],
    });
  });

  it("failed(for good) + delivery → stored, nobody called", () => {
    const step = transition(failedForGood(), delivered(), at(HOUR));
    expect(step).toEqual({ record: failedForGood({ deliveries: 2 }), effects: [], verdict: "stored" });
  });

  it.each([
    ["still unmappable", UNMAPPABLE],
    ["now ignored", IGNORED],
  ])("failed(unmappable) + delivery that is %s → stored, with the first raw body", (_, mapping) => {
    const step = transition(unmappable(), delivered({ mapping, body: new Uint8Array([1]) }), at(HOUR));
    expect(step).toEqual({ record: unmappable({ deliveries: 2 }), effects: [], verdict: "stored" });
  });

  it("failed(unmappable) + delivery that now maps to money → forwarding, attempt 1, the raw body gone", () => {
    const step = transition(unmappable(), delivered(), at(HOUR));
    expect(step).toMatchObject({
      record: { state: "forwarding", work: FROZEN, attempts: 1 },
      verdict: "started",
    });
    expect(step.record).not.toHaveProperty("body");
    expect(step.record).not.toHaveProperty("cause");
    expect(() => parseRecord(step.record)).not.toThrow();
  });

  it.each([
    ["as an attempt just found out", 1, 5 * SECOND - 1, "stored"],
    ["as an attempt found out 5 s ago", 1, 5 * SECOND, "started"],
    ["as the first delivery just showed", 0, 0, "started"],
  ])("failed(unmappable), %s + delivery with a question → %4$s", (_, attempts, after, verdict) => {
    const step = transition(unmappable({ attempts }), delivered({ mapping: ASKING, body: BODY }), at(after));
    expect(step.verdict).toBe(verdict);
  });

  it("failed(unmappable) + delivery that now maps to a look-up → received", () => {
    const step = transition(unmappable(), delivered({ mapping: ASKING, body: BODY }), at(HOUR));
    expect(step.record).toMatchObject({ state: "received", work: DRAFTED, attempts: 1 });
  });
});

describe("when a record wants to be woken", () => {
  it.each([
    ["received", T0 + QUESTION_LEASE],
    ["forwarding", T0 + LEASE],
    ["forwarded", T0 + 720 * HOUR],
    ["failed(healing)", T0 + 15 * SECOND],
    ["failed(draft)", T0 + 15 * SECOND],
    ["failed(for good)", null],
    ["failed(unmappable)", null],
    ["resolved", T0 + 744 * HOUR],
    ["ignored", T0 + 744 * HOUR],
  ] as const)("%s → %o", (name, expected) => {
    expect(wakeAt(EVERY_STATE[name](), POLICY)).toBe(expected);
  });
});

describe("an event that was backfilled + its delivery by Stripe, of other bytes", () => {
  it("→ a replay: nothing is asked again, nothing contradicts, and the first evidence stays", () => {
    const record = forwarded({ secret: null });
    const step = transition(
      record,
      delivered({ body_sha256: digest(0xcd), api_version: "2020-08-27" }),
      at(HOUR),
    );
    expect(step).toEqual({
      record: { ...record, deliveries: record.deliveries + 1 },
      effects: [],
      verdict: "stored",
    });
  });

  it("failed(healing) + a backfill → the next attempt is a backfill", () => {
    const step = transition(healing(), delivered({ secret_index: null }), at(HOUR));
    expect(step.record).toMatchObject({ attempts: 2, attempt: { trigger: "backfill" }, secret: 0 });
  });
});
