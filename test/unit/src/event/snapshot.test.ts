/** What Stripe is told, word by word as the wire contract has it, and from the record alone. */
import { describe, expect, it } from "vitest";
import { ledgerErrorOf, replyTo, snapshotOf } from "../../../../src/event/snapshot.ts";
import {
  EVENT_ID,
  failedForGood,
  forwarded,
  forwarding,
  healing,
  healingDraft,
  ignored,
  received,
  resolved,
  SECOND,
  T0,
  unmappable,
} from "../../../support/records.ts";

const KEY = `stripe:event:${EVENT_ID}`;
const TOLD = { ok: true, event_id: EVENT_ID, event_type: "payment_intent.succeeded" };

describe("a record with something final to say → 200", () => {
  it.each([
    [
      "forwarded",
      forwarded(),
      {
        ...TOLD,
        state: "forwarded",
        idempotency_key: KEY,
        forwarded_to_ledger: true,
        ledger_status: 201,
        settlement_id: "stl_1",
      },
    ],
    [
      "ignored",
      ignored(),
      {
        ...TOLD,
        state: "ignored",
        reason: "not_a_settlement_event",
        idempotency_key: KEY,
        forwarded_to_ledger: false,
      },
    ],
    [
      "failed(unmappable)",
      unmappable(),
      {
        ...TOLD,
        state: "failed",
        error_code: "EVENT_UNMAPPABLE",
        reason: "account_missing",
        forwarded_to_ledger: false,
      },
    ],
    [
      "resolved",
      resolved(),
      { ...TOLD, state: "resolved", idempotency_key: KEY, forwarded_to_ledger: false },
    ],
  ])("%s → its words, and only deduped tells the first from a replay", (_, record, snapshot) => {
    expect(snapshotOf(record)).toEqual(snapshot);
    for (const deduped of [true, false])
      expect(replyTo(record, deduped)).toEqual({ kind: "ok", deduped, snapshot });
  });

  it("forwarded, later replayed, disputed and counted → the same words", () => {
    const conflict = { count: 3, last_at: T0 + 1, last_body_sha256: new Uint8Array(32) };
    const later = forwarded({
      deliveries: 9,
      conflict,
      revision: 7,
      log: [[1, "alarm", T0, 1, "accepted", 201]],
    });
    expect(replyTo(later, true)).toEqual(replyTo(forwarded(), true));
  });

  it("what operators wrote is not told to Stripe", () => {
    const actions = [{ action: "resolve", actor: "ana", note: "customer is a fraud", at: T0 }];
    expect(JSON.stringify(replyTo(resolved({ actions }), true))).not.toContain("ana");
  });
});

describe("a record that the ledger did not take → 502", () => {
  const FAILED = { kind: "ledger_ingest_failed", event_id: EVENT_ID, attempts: 1 };

  it.each([
    [
      "failed(healing)",
      healing(),
      { ...FAILED, ledger_status: 503, ledger_code: null, next_retry_at: T0 + 15 * SECOND },
    ],
    [
      "failed(draft)",
      healingDraft(),
      {
        ...FAILED,
        ledger_status: 404,
        ledger_code: "ACCOUNT_NOT_RESOLVED",
        next_retry_at: T0 + 15 * SECOND,
      },
    ],
    [
      "failed(for good)",
      failedForGood({ attempts: 80 }),
      { ...FAILED, attempts: 80, ledger_status: 400, ledger_code: "INVALID_REQUEST", next_retry_at: null },
    ],
    [
      "failed, no answer",
      healing({ error: { outcome: "unknown", detail: "timeout", ledger_status: null, ledger_code: null } }),
      { ...FAILED, ledger_status: null, ledger_code: null, next_retry_at: T0 + 15 * SECOND },
    ],
  ])("%s → the same facts, first time or replay", (_, record, reply) => {
    expect(snapshotOf(record)).toBeNull();
    expect(replyTo(record, false)).toEqual(reply);
    expect(replyTo(record, true)).toEqual(reply);
  });
});

describe("a record in an attempt has nothing final to say", () => {
  it.each([
    ["received", received()],
    ["forwarding", forwarding()],
  ])("%s → no snapshot, and never a 200", (_, record) => {
    expect(snapshotOf(record)).toBeNull();
    expect(replyTo(record, false)).toEqual({
      kind: "ledger_ingest_failed",
      event_id: EVENT_ID,
      attempts: 1,
      ledger_status: null,
      ledger_code: null,
      next_retry_at: null,
    });
  });
});

describe("what the ledger said last", () => {
  it.each([
    ["failed(healing)", healing(), 503],
    ["failed(for good)", failedForGood(), 400],
    ["resolved, after the ledger refused", resolved(), 400],
    ["resolved, and never sent", resolved({ work: null, reason: "account_missing", error: null }), null],
    ["failed(unmappable)", unmappable(), null],
    ["received", received(), null],
    ["forwarding", forwarding(), null],
    ["forwarded", forwarded(), null],
    ["ignored", ignored(), null],
  ])("%s → status %3$s", (_, record, status) => {
    const error = ledgerErrorOf(record);
    expect(error === null ? null : error.ledger_status).toBe(status);
  });
});
