import { describe, expect, it } from "vitest";
import { transition } from "../../../../src/event/machine.ts";
import { type EventRecord } from "../../../../src/event/record.ts";
import { parseRecord } from "../../../../src/event/stored-record.ts";
import type { Input } from "../../../../src/event/machine-types.ts";
import type { LedgerOutcome, LedgerRefusal, SettleOutcome } from "../../../../src/ledger/port.ts";
import type { Answer } from "../../../../src/settlement/questions.ts";
import { thaw } from "../../../../src/settlement/settlement.ts";
import {
  ACCEPTED,
  at,
  DRAFT,
  BODY,
  DRAFTED,
  EVERY_STATE,
  forwarded,
  forwarding,
  FROZEN,
  HOUR,
  ignored,
  PAYIN_HELD,
  QUESTION_LEASE,
  received,
  REJECTED,
  SECOND,
  T0,
  UNAVAILABLE,
  UNKNOWN,
} from "../../../support/records.ts";

const inFlight = { inFlight: true };
const PUBLISH = [{ kind: "publish" }];

function outcome(of: SettleOutcome, attempt = 1): Input {
  return { kind: "outcome", attempt, outcome: of };
}

function answer(of: Answer | LedgerRefusal, attempt = 1): Input {
  return { kind: "answer", attempt, answer: of };
}

const FOUND: Answer = { kind: "held", held: PAYIN_HELD.settlement };

describe("forwarding + the ledger's outcome", () => {
  it("accepted → forwarded, the bytes kept, published", () => {
    const step = transition(forwarding(), outcome(ACCEPTED), at(120, inFlight));
    expect(step).toEqual({
      record: forwarded({ updated_at: T0 + 120, log: [[1, "delivery", T0, 120, "accepted", 201]] }),
      effects: PUBLISH,
      verdict: "done",
    });
  });

  it("rejected → failed for good, published", () => {
    const step = transition(forwarding(), outcome(REJECTED), at(120, inFlight));
    expect(step).toMatchObject({
      record: {
        state: "failed",
        cause: "ledger",
        work: FROZEN,
        error: {
          outcome: "rejected",
          detail: "answered",
          ledger_status: 400,
          ledger_code: "INVALID_REQUEST",
        },
        next_retry_at: null,
        attempts: 1,
        revision: 2,
        log: [[1, "delivery", T0, 120, "rejected", 400]],
      },
      effects: PUBLISH,
    });
  });

  it("unavailable → failed, healing after the backoff", () => {
    const step = transition(forwarding(), outcome(UNAVAILABLE), at(120, inFlight));
    expect(step.record).toMatchObject({
      state: "failed",
      work: FROZEN,
      error: { outcome: "unavailable", detail: "answered", ledger_status: 503, ledger_code: null },
      next_retry_at: T0 + 120 + 11_250,
    });
    expect(step.effects).toEqual(PUBLISH);
  });

  it("unavailable with Retry-After → failed, healing not before it", () => {
    const asked = { ...UNAVAILABLE, ledger_status: 429, retry_after_ms: 600 * SECOND };
    const step = transition(forwarding(), outcome(asked), at(0, { ...inFlight, random: 0 }));
    expect(step.record).toMatchObject({ next_retry_at: T0 + 600 * SECOND });
  });

  it.each(["timeout", "connection_lost", "answer_cut_off", "answer_not_the_ledgers"] as const)(
    "unknown (%s) → failed, healing: the next attempt finds out",
    (why) => {
      const unknown: LedgerOutcome = { kind: "unknown", why, ledger_status: null };
      const step = transition(forwarding(), outcome(unknown), at(120, inFlight));
      expect(step.record).toMatchObject({
        state: "failed",
        error: { outcome: "unknown", detail: why, ledger_status: null, ledger_code: null },
        next_retry_at: T0 + 120 + 11_250,
        log: [[1, "delivery", T0, 120, "unknown", null]],
      });
    },
  );

  it.each([UNAVAILABLE, UNKNOWN])("%o at the horizon → failed, no retry scheduled", (of) => {
    const step = transition(forwarding(), outcome(of), at(72 * HOUR, inFlight));
    expect(step.record).toMatchObject({ state: "failed", next_retry_at: null });
  });

  it("accepted long past the horizon → forwarded all the same", () => {
    expect(transition(forwarding(), outcome(ACCEPTED), at(99 * HOUR)).record?.state).toBe("forwarded");
  });

  it("accepted after the clock was set back → forwarded, in a record that still parses", () => {
    const { record } = transition(forwarding(), outcome(ACCEPTED), at(-HOUR));
    expect(parseRecord(record)).toMatchObject({
      state: "forwarded",
      log: [[1, "delivery", T0, 0, "accepted", 201]],
    });
  });

  it("attempt 21 → the log keeps the last 20, the count keeps them all", () => {
    const log = Array.from({ length: 20 }, (_, i) => [i + 1, "alarm", T0 + i, 5, "unavailable", 503]);
    const before = forwarding({ attempts: 21, log });
    const { record } = transition(before, outcome(ACCEPTED, 21), at(120, inFlight));
    expect(record?.attempts).toBe(21);
    expect(record?.log).toHaveLength(20);
    expect(record?.log[0]?.[0]).toBe(2);
    expect(record?.log.at(-1)).toEqual([21, "delivery", T0, 120, "accepted", 201]);
  });
});

describe("forwarding + what the turn found without sending, or after a refusal", () => {
  it("the payout came back, and the ledger knows → ignored, published", () => {
    const step = transition(
      forwarding(),
      outcome({ kind: "overtaken", ledger_status: 409 }),
      at(120, inFlight),
    );
    expect(step).toEqual({
      record: ignored({
        reason: "payout_overtaken",
        attempts: 1,
        revision: 2,
        updated_at: T0 + 120,
        log: [[1, "delivery", T0, 120, "ignored", 409]],
      }),
      effects: PUBLISH,
      verdict: "done",
    });
  });

  it("the movement was closed by an operator → failed for good, nothing sent", () => {
    const step = transition(forwarding(), outcome({ kind: "movement_resolved" }), at(120, inFlight));
    expect(step).toMatchObject({
      record: {
        state: "failed",
        work: FROZEN,
        error: { outcome: "movement_resolved", ledger_status: null, ledger_code: "MOVEMENT_RESOLVED" },
        next_retry_at: null,
        log: [[1, "delivery", T0, 120, "rejected", null]],
      },
      effects: PUBLISH,
    });
  });
});

describe("received + the question's answer", () => {
  it("found → forwarding, the payload frozen with that account, in the same attempt and lease", () => {
    const step = transition(received(), answer(FOUND), at(300, inFlight));
    const next = step.record as Extract<EventRecord, { state: "forwarding" }>;
    expect(step).toMatchObject({ effects: [], verdict: "done" });
    expect(next).toMatchObject({
      state: "forwarding",
      attempts: 1,
      revision: 2,
      updated_at: T0 + 300,
      attempt: { trigger: "delivery", started_at: T0, lease_expires_at: T0 + QUESTION_LEASE },
    });
    expect(thaw(next.work.payload)).toEqual({
      ...DRAFT,
      account_id: "acc_7",
      metadata: { ...DRAFT.metadata, account_source: "payin" },
    });
  });

  it("the ledger does not know the payment yet → failed(draft), healing", () => {
    const step = transition(received(), answer({ kind: "held", held: null }), at(120, inFlight));
    expect(step).toMatchObject({
      record: {
        state: "failed",
        work: DRAFTED,
        error: { outcome: "unavailable", ledger_status: 404, ledger_code: "ACCOUNT_NOT_RESOLVED" },
        next_retry_at: T0 + 120 + 11_250,
        log: [[1, "delivery", T0, 120, "unavailable", 404]],
      },
      effects: PUBLISH,
    });
  });

  it("another question → on record in the same attempt and lease, without a row for the index", () => {
    const held = { ...PAYIN_HELD.settlement, released_minor: DRAFT.amount_minor };
    const step = transition(received(), answer({ kind: "held", held }), at(300, inFlight));
    const question = { kind: "category", account_id: "acc_7", transaction: null, stripe_account: null };
    expect(step).toEqual({
      record: received({ work: { ...DRAFTED, question } }),
      effects: [],
      verdict: "done",
    });
  });

  it("nothing moved → ignored, the body gone, published", () => {
    const question = { kind: "debit", refund: "re_1", if_absent: "ignore" };
    const record = received({ work: { ...DRAFTED, question } });
    const step = transition(record, answer({ kind: "held", held: null }), at(120, inFlight));
    expect(step).toEqual({
      record: ignored({
        reason: "refund_not_moved",
        attempts: 1,
        revision: 2,
        updated_at: T0 + 120,
        log: [[1, "delivery", T0, 120, "ignored", null]],
      }),
      effects: PUBLISH,
      verdict: "done",
    });
  });

  it("nobody knows → unmappable, with its body and its money, published", () => {
    const question = { kind: "account", payment: "pi_1", customer: null, stripe_account: null };
    const record = received({ work: { ...DRAFTED, question } });
    const step = transition(record, answer({ kind: "account", found: null }), at(120, inFlight));
    expect(step).toMatchObject({
      record: {
        state: "failed",
        cause: "unmappable",
        reason: "account_missing",
        money: { direction: "refund", external_payment_id: "re_1", amount_minor: "500", currency: "USD" },
        body: BODY,
        log: [[1, "delivery", T0, 120, "unmappable", null]],
      },
      effects: PUBLISH,
    });
  });

  it("no answer → failed(draft), healing", () => {
    const step = transition(received(), answer(UNKNOWN), at(120, inFlight));
    expect(step.record).toMatchObject({ state: "failed", work: DRAFTED, next_retry_at: T0 + 120 + 11_250 });
  });

  it("rejected → failed(draft) for good", () => {
    const step = transition(received(), answer(REJECTED), at(120, inFlight));
    expect(step.record).toMatchObject({ state: "failed", work: DRAFTED, next_retry_at: null });
  });
});

describe("illegal and interleaved answers change nothing", () => {
  const everyState = Object.entries(EVERY_STATE);

  it.each(everyState.filter(([name]) => name !== "forwarding"))(
    "%s + an outcome that nobody waits for → as it was",
    (_, state) => {
      expect(transition(state(), outcome(ACCEPTED), at(1))).toEqual({
        record: state(),
        effects: [],
        verdict: "stored",
      });
    },
  );

  it.each(everyState.filter(([name]) => name !== "received"))(
    "%s + an account that nobody waits for → as it was",
    (_, state) => {
      expect(transition(state(), answer(FOUND), at(1))).toEqual({
        record: state(),
        effects: [],
        verdict: "stored",
      });
    },
  );

  it.each([ACCEPTED, REJECTED, UNAVAILABLE, UNKNOWN])(
    "forwarding, attempt 2 + attempt 1's %o → as it was",
    (of) => {
      const record = forwarding({ attempts: 2 });
      expect(transition(record, outcome(of, 1), at(1))).toEqual({ record, effects: [], verdict: "stored" });
    },
  );

  it("received, attempt 2 + attempt 1's account → as it was", () => {
    const record = received({ attempts: 2 });
    expect(transition(record, answer(FOUND, 1), at(1))).toEqual({ record, effects: [], verdict: "stored" });
  });

  it("purged + a late answer → nothing is written", () => {
    for (const input of [outcome(ACCEPTED), answer(FOUND)]) {
      expect(transition(null, input, at(1))).toEqual({ record: null, effects: [], verdict: "unknown_event" });
    }
  });
});
