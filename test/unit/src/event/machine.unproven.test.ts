/** A 2xx without an effect: read back for a while, then an operator's. */
import { describe, expect, it } from "vitest";
import { transition } from "../../../../src/event/machine.ts";
import type { EventRecord } from "../../../../src/event/record.ts";
import { summaryOf, stateOf } from "../../../../src/event/view.ts";
import { replyTo } from "../../../../src/event/snapshot.ts";
import type { SettleOutcome } from "../../../../src/ledger/port.ts";
import {
  ACCEPTED,
  at,
  delivered,
  forwarding,
  FROZEN,
  retried,
  SECOND,
  T0,
  UNAVAILABLE,
  UNPROVEN,
  unproven,
} from "../../../support/records.ts";

const inFlight = { inFlight: true };

function answered(record: EventRecord | null, outcome: SettleOutcome, afterMs: number): EventRecord {
  const attempt = record?.attempts ?? 0;
  const { record: next } = transition(record, { kind: "outcome", attempt, outcome }, at(afterMs, inFlight));
  if (next === null) throw new Error("no record");
  return next;
}

function woken(record: EventRecord, afterMs: number): EventRecord {
  return transition(record, { kind: "alarm" }, at(afterMs)).record ?? record;
}

describe("forwarding + unproven", () => {
  it("→ failed, read back after 20 s, visible at once", () => {
    const record = answered(forwarding(), UNPROVEN, 100);
    expect(record).toMatchObject({
      state: "failed",
      work: { ...FROZEN, unproven: { since: T0 + 100, reads: 1 } },
      next_retry_at: T0 + 100 + 20 * SECOND,
      log: [[1, "delivery", T0, 100, "unproven", 200]],
    });
    expect(replyTo(record, false)).toMatchObject({
      kind: "ledger_ingest_failed",
      ledger_status: 200,
      ledger_code: "EFFECT_UNPROVEN",
    });
    expect(summaryOf(record)).toMatchObject({
      state: "failed",
      reason: "ledger_unproven",
      error_code: "LEDGER_EFFECT_UNPROVEN",
    });
  });

  it("again and again → failed for good after four looks over a minute", () => {
    let record: EventRecord = forwarding();
    const schedule: (number | null)[] = [];
    for (const seconds of [0, 20, 40, 60]) {
      record = answered(seconds === 0 ? record : woken(record, seconds * SECOND), UNPROVEN, seconds * SECOND);
      schedule.push(record.state === "failed" && record.cause === "ledger" ? record.next_retry_at : 0);
    }
    expect(schedule).toEqual([T0 + 20 * SECOND, T0 + 40 * SECOND, T0 + 60 * SECOND, null]);
    expect(summaryOf(record)).toMatchObject({ reason: "ledger_unproven", next_retry_at: null });
    const message = stateOf(record, null, null).last_error?.message;
    for (const fact of ["stl_1", "pi_1", "USD 1234", "acc_1", "payin confirmed"])
      expect(message).toContain(fact);
  });

  it("redelivered again and again within the minute → not for good: another request may be in between", () => {
    let record: EventRecord = answered(forwarding(), UNPROVEN, 0);
    for (const seconds of [6, 12, 18, 24]) {
      record = transition(record, delivered(), at(seconds * SECOND)).record ?? record;
      record = answered(record, UNPROVEN, seconds * SECOND);
    }
    expect(record).toMatchObject({ next_retry_at: T0 + 44 * SECOND, work: { unproven: { reads: 5 } } });
  });

  it("the ledger away meanwhile → no look: the usual retry, and the looks go on", () => {
    const away = answered(woken(unproven(), 20 * SECOND), UNAVAILABLE, 20 * SECOND);
    expect(away).toMatchObject({ work: { unproven: { since: T0, reads: 1 } } });
    expect(summaryOf(away)).toMatchObject({
      reason: "ledger_unavailable",
      error_code: "LEDGER_INGEST_FAILED",
    });
  });

  it("then an effect → forwarded, with the ledger's event", () => {
    const record = answered(woken(unproven(), 20 * SECOND), ACCEPTED, 20 * SECOND);
    expect(record).toMatchObject({ state: "forwarded", effect: "led_1", payload: FROZEN.payload });
    expect(stateOf(record, null, null).evidence.ledger_event_id).toBe("led_1");
  });
});

describe("failed for good as unproven", () => {
  const forGood = unproven({
    work: { ...FROZEN, unproven: { since: T0, reads: 4 } },
    next_retry_at: null,
    updated_at: T0 + 60 * SECOND,
  });

  it("+ delivery → the stored answer, nobody is asked", () => {
    const step = transition(forGood, delivered(), at(3600 * SECOND));
    expect(step).toMatchObject({ verdict: "stored", effects: [] });
  });

  it("+ retry, still no effect → failed for good again at once; repaired meanwhile → forwarded", () => {
    const { record, verdict } = transition(forGood, retried(), at(3600 * SECOND));
    expect({ record, verdict }).toMatchObject({
      verdict: "started",
      record: { state: "forwarding", work: { unproven: { reads: 4 } } },
    });
    expect(answered(record, UNPROVEN, 3601 * SECOND)).toMatchObject({ state: "failed", next_retry_at: null });
    expect(answered(record, ACCEPTED, 3601 * SECOND)).toMatchObject({ state: "forwarded" });
  });
});
