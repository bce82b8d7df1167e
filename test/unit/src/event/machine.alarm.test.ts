import { describe, expect, it } from "vitest";
import { transition } from "../../../../src/event/machine.ts";
import {
  at,
  DAY,
  DRAFTED,
  EVERY_STATE,
  failedForGood,
  forwarding,
  FROZEN,
  healing,
  healingDraft,
  HOUR,
  LEASE,
  QUESTION_LEASE,
  received,
  SECOND,
  T0,
  unmappable,
  POLICY,
} from "../../../support/records.ts";

const ALARM = { kind: "alarm" } as const;
const POKE = { kind: "poke" } as const;
const PUBLISH = [{ kind: "publish" }];

describe("no event", () => {
  it.each([ALARM, POKE])("(none) + %o → nothing is written", (input) => {
    expect(transition(null, input, at(0))).toEqual({ record: null, effects: [], verdict: "unknown_event" });
  });
});

describe("an attempt on record + alarm", () => {
  it.each([
    ["received", received, T0 + QUESTION_LEASE],
    ["forwarding", forwarding, T0 + LEASE],
  ] as const)("%s + alarm before the lease's end → waits for the end", (_, state, end) => {
    const step = transition(state(), ALARM, at(SECOND));
    expect(step).toEqual({ record: state(), effects: [{ kind: "set_alarm", at: end }], verdict: "stored" });
  });

  it.each([
    ["received", received],
    ["forwarding", forwarding],
  ] as const)("%s + alarm past the lease's end, attempt in flight → looks again in 5 s", (_, state) => {
    const step = transition(state(), ALARM, at(60 * SECOND, { inFlight: true }));
    expect(step).toEqual({
      record: state(),
      effects: [{ kind: "set_alarm", at: T0 + 65 * SECOND }],
      verdict: "stored",
    });
  });

  it("forwarding + alarm at the lease's end → forwarding, attempt 2, same bytes, attempt 1 unknown", () => {
    const step = transition(forwarding(), ALARM, at(LEASE));
    expect(step).toEqual({
      record: forwarding({
        attempts: 2,
        revision: 3,
        updated_at: T0 + LEASE,
        log: [[1, "delivery", T0, LEASE, "unknown", null]],
        attempt: { trigger: "alarm", started_at: T0 + LEASE, lease_expires_at: T0 + 2 * LEASE },
      }),
      effects: [{ kind: "set_alarm", at: T0 + 2 * LEASE }, { kind: "attempt" }],
      verdict: "started",
    });
  });

  it("received + alarm at the lease's end → received, attempt 2 looks the account up again", () => {
    const step = transition(received(), ALARM, at(QUESTION_LEASE));
    expect(step).toMatchObject({
      record: { state: "received", attempts: 2, work: DRAFTED, attempt: { trigger: "alarm" } },
      effects: [{ kind: "set_alarm", at: T0 + 2 * QUESTION_LEASE }, { kind: "attempt" }],
    });
  });

  it.each([
    ["received", received],
    ["forwarding", forwarding],
  ] as const)("%s + alarm past the horizon → failed for good with its work, published", (_, state) => {
    const step = transition(state(), ALARM, at(72 * HOUR));
    expect(step).toMatchObject({
      record: {
        state: "failed",
        cause: "ledger",
        work: state().work,
        error: { outcome: "unknown", detail: "interrupted" },
        next_retry_at: null,
      },
      effects: [{ kind: "set_alarm" }, { kind: "publish" }],
    });
  });

  it("forwarding + alarm a millisecond before the horizon → one more attempt", () => {
    expect(transition(forwarding(), ALARM, at(72 * HOUR - 1)).verdict).toBe("started");
  });
});

describe("failed + alarm", () => {
  it("failed(healing) + alarm before its time → published, and waits on", () => {
    const step = transition(healing(), ALARM, at(15 * SECOND - 1));
    expect(step).toEqual({ record: healing(), effects: PUBLISH, verdict: "stored" });
  });

  it("failed(healing) + alarm at its time → forwarding, attempt n+1, same bytes", () => {
    const step = transition(healing(), ALARM, at(15 * SECOND));
    expect(step).toMatchObject({
      record: {
        state: "forwarding",
        work: FROZEN,
        attempts: 2,
        deliveries: 1,
        attempt: { trigger: "alarm", started_at: T0 + 15 * SECOND },
      },
      effects: [{ kind: "set_alarm", at: T0 + 15 * SECOND + LEASE }, { kind: "attempt" }],
      verdict: "started",
    });
  });

  it("failed(healing) + alarm days late → one attempt: the schedule promised it", () => {
    expect(transition(healing(), ALARM, at(90 * HOUR)).verdict).toBe("started");
  });

  it("failed(draft) + alarm at its time → received", () => {
    const step = transition(healingDraft(), ALARM, at(15 * SECOND));
    expect(step.record).toMatchObject({ state: "received", work: DRAFTED, attempts: 2 });
  });

  it.each([
    ["failed(for good)", failedForGood],
    ["failed(unmappable)", unmappable],
  ] as const)("%s + alarm, a year later → published, never tried, never purged", (_, state) => {
    const step = transition(state(), ALARM, at(365 * DAY));
    expect(step).toEqual({ record: state(), effects: PUBLISH, verdict: "stored" });
  });
});

describe("a final event + alarm", () => {
  const policyOf = (days: number) => ({ policy: { ...POLICY, retentionMs: days * DAY } });

  it.each([
    // The ledger knows it, and would not book it again.
    ["forwarded", 30, 30],
    ["forwarded", 7, 7],
    // Stripe can resend it for 30 days, and nobody else knows that it is closed.
    ["resolved", 30, 31],
    ["resolved", 7, 31],
    ["ignored", 7, 31],
    ["ignored", 60, 60],
  ] as const)(
    "%s, with a retention of %i days → published until day %i, then purged",
    (name, retention, days) => {
      const record = EVERY_STATE[name]();
      const early = transition(record, ALARM, at(days * DAY - 1, policyOf(retention)));
      expect(early).toEqual({ record, effects: PUBLISH, verdict: "stored" });
      const late = transition(record, ALARM, at(days * DAY, policyOf(retention)));
      expect(late.effects).toEqual([{ kind: "purge" }]);
    },
  );
});

describe("the watchdog's poke moves only what is overdue", () => {
  it.each([
    ["received", received],
    ["forwarding", forwarding],
  ] as const)("%s + poke, attempt in flight → joined", (_, state) => {
    const step = transition(state(), POKE, at(HOUR, { inFlight: true }));
    expect(step).toEqual({ record: state(), effects: [], verdict: "joined" });
  });

  it.each([
    ["received", received],
    ["forwarding", forwarding],
  ] as const)("%s + poke before the lease's end → as it was", (_, state) => {
    const step = transition(state(), POKE, at(SECOND));
    expect(step).toEqual({ record: state(), effects: [], verdict: "stored" });
  });

  it.each([
    ["received", received],
    ["forwarding", forwarding],
    ["failed(healing)", healing],
    ["failed(draft)", healingDraft],
  ] as const)("%s + poke when overdue → attempt 2 with the same work", (_, state) => {
    const step = transition(state(), POKE, at(HOUR));
    expect(step).toMatchObject({
      record: { attempts: 2, work: state().work, attempt: { trigger: "watchdog" } },
      verdict: "started",
    });
  });

  it("forwarding + poke past the horizon → failed for good", () => {
    const step = transition(forwarding(), POKE, at(73 * HOUR));
    expect(step).toMatchObject({
      record: { state: "failed", next_retry_at: null },
      effects: [{ kind: "set_alarm" }, { kind: "publish" }],
    });
  });

  it.each([
    "failed(healing)",
    "failed(for good)",
    "failed(unmappable)",
    "forwarded",
    "resolved",
    "ignored",
  ] as const)("%s + poke when nothing is due → published again, not changed", (name) => {
    const step = transition(EVERY_STATE[name](), POKE, at(SECOND));
    expect(step).toEqual({ record: EVERY_STATE[name](), effects: PUBLISH, verdict: "stored" });
  });

  it.each(["forwarded", "resolved", "ignored"] as const)(
    "%s + poke past its retention → published, never purged",
    (name) => {
      expect(transition(EVERY_STATE[name](), POKE, at(99 * DAY)).effects).toEqual(PUBLISH);
    },
  );
});
