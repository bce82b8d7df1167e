import { describe, expect, it } from "vitest";
import { stateOf, summaryOf } from "../../../../src/event/view.ts";
import type { Question } from "../../../../src/settlement/questions.ts";
import {
  digest,
  DRAFT,
  EVENT_ID,
  EVERY_STATE,
  failedForGood,
  forwarded,
  healing,
  healingDraft,
  ignored,
  received,
  resolved,
  SECOND,
  SETTLEMENT,
  T0,
  unmappable,
} from "../../../support/records.ts";

const at = (ms: number) => new Date(ms).toISOString();

describe("an event's whole state, as the wire contract has it", () => {
  it("forwarded, with everything that can be in it", () => {
    const record = forwarded({
      account: "acct_1",
      secret: 1,
      deliveries: 3,
      attempts: 2,
      updated_at: T0 + 20 * SECOND,
      log: [
        [1, "delivery", T0, 10_000, "unknown", null],
        [2, "alarm", T0 + 15 * SECOND, 120, "accepted", 201],
      ],
      conflict: { count: 1, last_at: T0 + 1, last_body_sha256: digest(0xcd) },
      actions: [{ action: "retry", actor: "ana", note: null, at: T0 + 2 }],
    });
    expect(stateOf(record, T0 + 30 * SECOND, "ef".repeat(32))).toEqual({
      event_id: EVENT_ID,
      event_type: "payment_intent.succeeded",
      livemode: false,
      api_version: "2026-10-28",
      stripe_account: "acct_1",
      state: "forwarded",
      reason: null,
      idempotency_key: `stripe:event:${EVENT_ID}`,
      received_at: "2027-01-15T08:00:00.000Z",
      updated_at: "2027-01-15T08:00:20.000Z",
      deliveries: 3,
      attempts: 2,
      next_retry_at: null,
      alarm_at: "2027-01-15T08:00:30.000Z",
      settlement: SETTLEMENT,
      money: null,
      waits_for: null,
      snapshot: {
        ok: true,
        event_id: EVENT_ID,
        event_type: "payment_intent.succeeded",
        state: "forwarded",
        idempotency_key: `stripe:event:${EVENT_ID}`,
        forwarded_to_ledger: true,
        ledger_status: 201,
        settlement_id: "stl_1",
      },
      last_error: null,
      attempt_log: [
        {
          attempt: 1,
          trigger: "delivery",
          started_at: at(T0),
          duration_ms: 10_000,
          outcome: "unknown",
          ledger_status: null,
        },
        {
          attempt: 2,
          trigger: "alarm",
          started_at: at(T0 + 15 * SECOND),
          duration_ms: 120,
          outcome: "accepted",
          ledger_status: 201,
        },
      ],
      conflicts: { count: 1, last_at: at(T0 + 1), last_body_sha256: "cd".repeat(32) },
      operator_actions: [{ action: "retry", actor: "ana", note: null, at: at(T0 + 2) }],
      evidence: {
        body_sha256: "ab".repeat(32),
        payload_sha256: "ef".repeat(32),
        ledger_event_id: "led_1",
        signing_secret: "index 1",
      },
    });
  });

  it("listed by Stripe's API, and signed by nobody → the evidence says so", () => {
    expect(stateOf(forwarded({ secret: null }), null, null).evidence.signing_secret).toBe("stripe_api");
    const made = forwarded({ secret: null, event_id: "evt_audit_txn_1" });
    expect(stateOf(made, null, null).evidence.signing_secret).toBe("operator");
  });

  it("every state answers with the same fields", () => {
    const fields = Object.values(EVERY_STATE).map((state) => Object.keys(stateOf(state(), null, null)));
    expect(new Set(fields.map((names) => names.join())).size).toBe(1);
  });

  it("no alarm, no conflict, no digest → null", () => {
    expect(stateOf(ignored(), null, null)).toMatchObject({
      alarm_at: null,
      conflicts: null,
      settlement: null,
      evidence: { payload_sha256: null },
    });
  });
});

describe("what is told of a failure", () => {
  it.each([
    [
      "failed(healing)",
      healing(),
      "ledger_unavailable",
      { code: "LEDGER_INGEST_FAILED", ledger_status: 503, ledger_code: null },
      T0 + 15 * SECOND,
    ],
    [
      "failed(draft)",
      healingDraft(),
      "ledger_unavailable",
      { code: "LEDGER_INGEST_FAILED", ledger_status: 404, ledger_code: "ACCOUNT_NOT_RESOLVED" },
      T0 + 15 * SECOND,
    ],
    [
      "failed, no answer",
      healing({ error: { outcome: "unknown", detail: "timeout", ledger_status: null, ledger_code: null } }),
      "ledger_unknown",
      { message: "The ledger gave no usable answer: timeout.", ledger_status: null },
      T0 + 15 * SECOND,
    ],
    [
      "failed, rejected",
      failedForGood(),
      "ledger_rejected",
      { message: "The ledger refused the settlement for good: 400 INVALID_REQUEST." },
      null,
    ],
    [
      "failed, horizon reached",
      healing({ next_retry_at: null }),
      "retry_horizon_reached",
      { message: "The ledger did not take the settlement now: 503." },
      null,
    ],
    [
      "failed(unmappable)",
      unmappable(),
      "account_missing",
      {
        code: "EVENT_UNMAPPABLE",
        message: "The event cannot become a settlement: account_missing.",
        ledger_status: null,
        ledger_code: null,
      },
      null,
    ],
    ["resolved", resolved(), null, { code: "LEDGER_INGEST_FAILED", ledger_status: 400 }, null],
  ])("%s → reason, error and retry, in the state and in the row", (_, record, reason, error, retryAt) => {
    const state = stateOf(record, null, null);
    expect(state.reason).toBe(reason);
    expect(state.last_error).toMatchObject(error);
    expect(state.next_retry_at).toBe(retryAt === null ? null : at(retryAt));
    const row = summaryOf(record);
    expect(row).toMatchObject({ reason, next_retry_at: retryAt, error_code: state.last_error?.code });
  });

  it("resolved, once unmappable → its reason, and no error of the ledger", () => {
    const record = resolved({ work: null, error: null, reason: "account_missing" });
    expect(stateOf(record, null, null)).toMatchObject({ reason: "account_missing", last_error: null });
  });

  it("ignored → why, and no error", () => {
    expect(stateOf(ignored({ reason: "not_money" }), null, null)).toMatchObject({
      reason: "not_money",
      last_error: null,
    });
  });

  it.each(["forwarded", "ignored", "received", "forwarding"] as const)("%s → no error", (name) => {
    expect(stateOf(EVERY_STATE[name](), null, null).last_error).toBeNull();
    expect(summaryOf(EVERY_STATE[name]()).error_code).toBeNull();
  });

  it("the raw body of an unmappable event is in neither", () => {
    const both = JSON.stringify([stateOf(unmappable(), null, null), summaryOf(unmappable())]);
    expect(both).not.toContain('body":');
  });
});

describe("the settlement and the row of the index", () => {
  it("frozen work → the settlement as the ledger gets it", () => {
    expect(stateOf(healing(), null, null).settlement).toEqual(SETTLEMENT);
    expect(summaryOf(healing())).toEqual({
      event_id: EVENT_ID,
      revision: 2,
      event_type: "payment_intent.succeeded",
      state: "failed",
      reason: "ledger_unavailable",
      error_code: "LEDGER_INGEST_FAILED",
      account_id: "acc_1",
      payment_id: "pi_1",
      source_payment_id: "pi_1",
      amount_minor: "1234",
      currency: "USD",
      attempts: 1,
      received_at: T0,
      updated_at: T0,
      next_retry_at: T0 + 15 * SECOND,
    });
  });

  it("a draft → all but the account", () => {
    expect(stateOf(received(), null, null).settlement).toEqual(DRAFT);
    expect(summaryOf(received())).toMatchObject({
      account_id: null,
      payment_id: "re_1",
      amount_minor: "500",
    });
  });

  it("resolved → what should have been settled stays to be seen", () => {
    expect(stateOf(resolved(), null, null).settlement).toEqual(SETTLEMENT);
    expect(summaryOf(resolved())).toMatchObject({ account_id: "acc_1", amount_minor: "1234" });
  });

  it.each(["ignored", "failed(unmappable)"] as const)("%s → no settlement", (name) => {
    expect(stateOf(EVERY_STATE[name](), null, null).settlement).toBeNull();
    expect(summaryOf(EVERY_STATE[name]())).toMatchObject({
      payment_id: null,
      amount_minor: null,
      currency: null,
    });
  });
});

describe("money without a settlement", () => {
  const money = {
    direction: "payin",
    external_payment_id: "pi_1",
    source_payment_id: "pi_1",
    amount_minor: "1234",
    currency: "USD",
  } as const;

  it("unmappable, and resolved as it was → what can be read of it, in its state and in its row", () => {
    for (const record of [unmappable({ money }), resolved({ work: null, money })]) {
      expect(stateOf(record, null, null)).toMatchObject({ settlement: null, money });
      expect(summaryOf(record)).toMatchObject({
        account_id: null,
        payment_id: "pi_1",
        source_payment_id: "pi_1",
        amount_minor: "1234",
        currency: "USD",
      });
    }
  });

  it("with a settlement, or ignored → none", () => {
    for (const record of [healing(), forwarded(), resolved(), received(), ignored()])
      expect(stateOf(record, null, null).money).toBeNull();
  });
});

describe("what an event waits for", () => {
  const asking = (question: Question) =>
    stateOf(received({ work: { ...received().work, question } }), null, null).waits_for;

  it.each<[Question, object]>([
    [
      { kind: "payin", payment: "pi_1", may_be_release: false },
      { what: "payin", id: "pi_1" },
    ],
    [
      { kind: "debit", refund: "re_1", if_absent: "wait" },
      { what: "debit", id: "re_1" },
    ],
    [
      { kind: "account", payment: "ch_1", customer: null, stripe_account: null },
      { what: "account", id: "ch_1" },
    ],
    [
      { kind: "category", account_id: "acc_1", transaction: "txn_1", stripe_account: null },
      { what: "category", id: "txn_1" },
    ],
  ])("%j → %j", (question, waits) => {
    expect(asking(question)).toEqual(waits);
  });

  it("failed, and tried again → the same; frozen or closed → nothing", () => {
    expect(stateOf(healingDraft(), null, null).waits_for).toEqual({ what: "payin", id: expect.any(String) });
    const closed = resolved({ work: healingDraft().work });
    for (const record of [healing(), forwarded(), closed, unmappable(), ignored()])
      expect(stateOf(record, null, null).waits_for).toBeNull();
  });
});
