/** A busy lane: nothing was sent, so no attempt counts. */
import { describe, expect, it } from "vitest";
import { transition } from "../../../../src/event/machine.ts";
import { replyTo } from "../../../../src/event/snapshot.ts";
import type { SettleOutcome } from "../../../../src/ledger/port.ts";
import {
  at,
  busy,
  BUSY,
  delivered,
  forwarding,
  FROZEN,
  HOUR,
  SECOND,
  T0,
  UNAVAILABLE,
} from "../../../support/records.ts";

const outcome = (of: SettleOutcome, attempt = 1) => ({ kind: "outcome", attempt, outcome: of }) as const;

describe("forwarding + busy", () => {
  it("→ failed, no attempt counted or logged, back at the lane's time", () => {
    const { record, effects } = transition(forwarding(), outcome(BUSY), at(100, { inFlight: true }));
    expect(record).toMatchObject({
      state: "failed",
      work: FROZEN,
      attempts: 0,
      log: [],
      busy: 1,
      next_retry_at: T0 + 100 + BUSY.retry_after_ms,
    });
    expect(effects).toEqual([{ kind: "publish" }]);
    expect(record && replyTo(record, false)).toMatchObject({
      kind: "ledger_ingest_failed",
      attempts: 0,
      ledger_status: null,
      ledger_code: "LANE_BUSY",
    });
  });

  it.each([
    [0, 1 * SECOND],
    [1, 2 * SECOND],
    [5, 32 * SECOND],
    [30, 1 * HOUR],
  ])("busy %i times before → at least %i ms or half of it, however soon the lane says", (before, delay) => {
    const attempt = { ...forwarding().attempt, busy: before };
    const soon = { kind: "busy", retry_after_ms: 1 } as const;
    for (const random of [0, 1]) {
      const step = transition(forwarding({ attempt }), outcome(soon), at(0, { inFlight: true, random }));
      expect(step.record).toMatchObject({ busy: before + 1, next_retry_at: T0 + delay * (0.5 + random / 2) });
    }
  });

  it("the count lasts through the next attempt, and any other outcome ends it", () => {
    const begun = transition(busy({ busy: 3 }), { kind: "alarm" }, at(7 * SECOND)).record;
    expect(begun).toMatchObject({ state: "forwarding", attempts: 1, attempt: { busy: 3 } });
    const refused = transition(begun, outcome(UNAVAILABLE), at(8 * SECOND, { inFlight: true })).record;
    expect(refused).toMatchObject({ state: "failed", busy: 0, attempts: 1 });
  });

  it("past the horizon too: it has not had its last attempt", () => {
    const late = forwarding({ attempt: { ...forwarding().attempt, started_at: T0 + 80 * HOUR } });
    const step = transition(late, outcome(BUSY), at(80 * HOUR, { inFlight: true }));
    const next_retry_at = T0 + 80 * HOUR + BUSY.retry_after_ms;
    expect(step.record).toMatchObject({ state: "failed", next_retry_at });
    const begun = transition(step.record, { kind: "alarm" }, at(next_retry_at - T0)).record;
    const refused = transition(begun, outcome(UNAVAILABLE), at(81 * HOUR, { inFlight: true })).record;
    expect(refused).toMatchObject({ state: "failed", next_retry_at: null });
  });
});

describe("failed, the lane busy + delivery", () => {
  it("→ forwarding: the next attempt", () => {
    const step = transition(busy(), delivered(), at(6 * SECOND));
    expect(step).toMatchObject({ verdict: "started", record: { state: "forwarding", attempts: 1 } });
  });
});
