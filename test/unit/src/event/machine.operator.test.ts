import { describe, expect, it } from "vitest";
import type { Input } from "../../../../src/event/machine-types.ts";
import { settlementOf } from "../../../../src/event/record-money.ts";
import type { EventRecord } from "../../../../src/event/record.ts";
import type { Mapping } from "../../../../src/settlement/mapping.ts";
import { transition } from "../../../../src/event/machine.ts";
import { OPERATOR_ACTION_LIMIT } from "../../../../src/event/record.ts";
import {
  ASKING,
  at,
  DRAFTED,
  EVERY_STATE,
  failedForGood,
  forwarded,
  forwarding,
  FROZEN,
  healing,
  healingDraft,
  HOUR,
  IGNORED,
  LEASE,
  MONEY,
  received,
  RESOLVED,
  resolved,
  retried,
  SETTLEMENT,
  T0,
  UNAVAILABLE,
  unmappable,
  UNMAPPABLE,
} from "../../../support/records.ts";

const RETRY_NOTE = { action: "retry", actor: "ana", note: null, at: T0 + 1 };

describe("operator's retry", () => {
  it("(none) → unknown event, nothing is written", () => {
    expect(transition(null, retried(), at(1))).toEqual({
      record: null,
      effects: [],
      verdict: "unknown_event",
    });
  });

  it("failed(healing) a moment ago → forwarding, attempt n+1, whatever the backoff says", () => {
    const step = transition(healing(), retried(), at(1));
    expect(step).toEqual({
      record: forwarding({
        attempts: 2,
        revision: 3,
        updated_at: T0 + 1,
        attempt: { trigger: "operator", started_at: T0 + 1, lease_expires_at: T0 + 1 + LEASE },
        actions: [RETRY_NOTE],
      }),
      effects: [{ kind: "set_alarm", at: T0 + 1 + LEASE }, { kind: "attempt" }],
      verdict: "started",
    });
  });

  it("failed(draft) → received: the account is looked up again", () => {
    expect(transition(healingDraft(), retried(), at(1)).record).toMatchObject({
      state: "received",
      work: DRAFTED,
      attempts: 2,
    });
  });

  it("failed(for good), scope any → forwarding with the same bytes", () => {
    expect(transition(failedForGood(), retried(), at(1))).toMatchObject({
      record: { state: "forwarding", work: FROZEN, attempts: 2, actions: [RETRY_NOTE] },
      verdict: "started",
    });
  });

  it("failed(healing) past the horizon → forwarding: an operator is not bound by it", () => {
    expect(transition(healing(), retried(), at(99 * HOUR)).verdict).toBe("started");
  });

  it.each([
    ["failed(for good)", failedForGood],
    ["failed(unmappable)", unmappable],
  ] as const)("%s, scope healing → left alone, and no action noted", (_, state) => {
    const step = transition(state(), retried({ scope: "healing", mapping: MONEY }), at(1));
    expect(step).toEqual({ record: state(), effects: [], verdict: "stored" });
  });

  it.each(["received", "forwarding"] as const)(
    "%s, scope healing → joined, or resumed after a reset",
    (name) => {
      const step = (inFlight: boolean) =>
        transition(EVERY_STATE[name](), retried({ scope: "healing" }), at(1, { inFlight }));
      expect([step(true).verdict, step(false).verdict]).toEqual(["joined", "started"]);
    },
  );

  it.each(["forwarded", "resolved", "ignored"] as const)("%s, scope healing → refused", (name) => {
    expect(transition(EVERY_STATE[name](), retried({ scope: "healing" }), at(1)).verdict).toBe(
      "invalid_state",
    );
  });

  it("failed(healing), scope healing → forwarding", () => {
    expect(transition(healing(), retried({ scope: "healing" }), at(1)).verdict).toBe("started");
  });

  it.each([
    ["received", received],
    ["forwarding", forwarding],
  ] as const)("%s, attempt in flight → joined, and noted", (_, state) => {
    const step = transition(state(), retried(), at(1, { inFlight: true }));
    expect(step).toEqual({
      record: state({ actions: [RETRY_NOTE] }),
      effects: [],
      verdict: "joined",
    });
  });

  it.each([
    ["received", received],
    ["forwarding", forwarding],
  ] as const)(
    "%s after a reset, past the horizon → attempt 2: an operator is not bound by it",
    (_, state) => {
      const step = transition(state(), retried(), at(99 * HOUR));
      expect(step).toMatchObject({
        record: { state: state().state, work: state().work, attempts: 2, attempt: { trigger: "operator" } },
        verdict: "started",
      });
    },
  );

  it.each(["forwarded", "resolved", "ignored"] as const)("%s → refused, as it was", (name) => {
    const step = transition(EVERY_STATE[name](), retried({ mapping: MONEY }), at(1));
    expect(step).toEqual({ record: EVERY_STATE[name](), effects: [], verdict: "invalid_state" });
  });
});

describe("operator's retry of an unmappable event", () => {
  it("before anybody mapped its body again → needs a mapping, nothing noted", () => {
    const step = transition(unmappable(), retried(), at(1));
    expect(step).toEqual({ record: unmappable(), effects: [], verdict: "needs_mapping" });
  });

  it("now money → forwarding, attempt 1, the raw body gone", () => {
    const step = transition(unmappable(), retried({ mapping: MONEY }), at(1));
    expect(step).toMatchObject({
      record: { state: "forwarding", work: FROZEN, attempts: 1, actions: [RETRY_NOTE] },
      verdict: "started",
    });
    expect(step.record).not.toHaveProperty("body");
  });

  it("now a look-up → received", () => {
    const { record } = transition(unmappable(), retried({ mapping: ASKING }), at(1));
    expect(record).toMatchObject({ state: "received", work: DRAFTED, attempts: 1 });
  });

  it("now ignored → failed as before: only whoever resolves it closes it", () => {
    const step = transition(unmappable(), retried({ mapping: IGNORED }), at(1));
    expect(step.record).toEqual(unmappable({ revision: 2, updated_at: T0 + 1, actions: [RETRY_NOTE] }));
    expect(step.effects).toContainEqual({ kind: "publish" });
    expect(step.verdict).toBe("done");
  });

  it("still unmappable, for another reason → failed with that reason and the raw body, published", () => {
    const mapping = { ...UNMAPPABLE, reason: "currency_unknown" } as const;
    const step = transition(unmappable(), retried({ mapping }), at(1));
    expect(step.record).toEqual(
      unmappable({
        reason: "currency_unknown",
        money: UNMAPPABLE.money,
        revision: 2,
        updated_at: T0 + 1,
        actions: [RETRY_NOTE],
      }),
    );
    expect(step.effects).toContainEqual({ kind: "publish" });
  });
});

describe("operator's resolve", () => {
  const CLOSED = { action: "resolve", actor: "ana", note: "refunded by hand", at: T0 + 1 };

  it("(none) → unknown event, nothing is written", () => {
    expect(transition(null, RESOLVED, at(1)).record).toBeNull();
  });

  it.each([
    ["failed(healing)", healing],
    ["failed(draft)", healingDraft],
    ["failed(for good)", failedForGood],
  ] as const)("%s → resolved, with its work, its error, the note and the name", (_, state) => {
    const { work, error } = state();
    const step = transition(state(), RESOLVED, at(1));
    expect(step.record).toEqual(
      resolved({ work, error, revision: 3, updated_at: T0 + 1, actions: [CLOSED] }),
    );
    expect(step.effects).toContainEqual({ kind: "publish" });
    expect(step.verdict).toBe("done");
  });

  it("failed(unmappable) → resolved with its reason, and the raw body in case it is reopened", () => {
    const step = transition(unmappable(), RESOLVED, at(1));
    expect(step.record).toEqual(
      resolved({
        work: null,
        body: unmappable().body,
        error: null,
        reason: "account_missing",
        attempts: 0,
        revision: 2,
        updated_at: T0 + 1,
        actions: [CLOSED],
      }),
    );
  });

  it.each(["received", "forwarding", "forwarded", "resolved", "ignored"] as const)(
    "%s → refused, as it was",
    (name) => {
      for (const inFlight of [true, false]) {
        const step = transition(EVERY_STATE[name](), RESOLVED, at(1, { inFlight }));
        expect(step).toEqual({ record: EVERY_STATE[name](), effects: [], verdict: "invalid_state" });
      }
    },
  );

  // No alarm stands on a permanent failure, so a crash before the publish
  // would leave the index without the change.
  it.each([
    ["failed(for good)", failedForGood, RESOLVED],
    ["failed(unmappable)", unmappable, RESOLVED],
    ["failed(unmappable)", unmappable, retried({ mapping: IGNORED })],
    ["failed(unmappable)", unmappable, retried({ mapping: UNMAPPABLE })],
  ] as const)("%s + %3$o → sets the alarm that publishes it after a crash", (_, state, input) => {
    const { effects } = transition(state(), input, at(1));
    expect(effects.map(({ kind }) => kind)).toEqual(["set_alarm", "publish"]);
  });
});

describe("a call that is repeated because its answer was lost", () => {
  it("resolved + the same resolve → stored, as it was", () => {
    const { record } = transition(failedForGood(), RESOLVED, at(1));
    expect(transition(record, RESOLVED, at(2))).toEqual({ record, effects: [], verdict: "stored" });
  });

  it.each([
    ["by another name", { actor: "somebody else" }],
    ["with another note", { note: "paid by hand" }],
  ])("resolved + a resolve %s → refused", (_, other) => {
    const { record } = transition(failedForGood(), RESOLVED, at(1));
    expect(transition(record, { ...RESOLVED, ...other }, at(2)).verdict).toBe("invalid_state");
  });

  it("failed, after a retry by the same name with the same note + resolve → resolved", () => {
    const { record } = transition(
      failedForGood({ actions: [{ action: "retry", actor: "ana", note: "refunded by hand", at: T0 }] }),
      RESOLVED,
      at(1),
    );
    expect(record).toMatchObject({
      state: "resolved",
      actions: [{ action: "retry" }, { action: "resolve" }],
    });
  });
});

describe("the horizon after an operator's retry", () => {
  it("failed past the horizon + retry, unavailable → a next attempt is promised: the horizon counts anew", () => {
    const begun = transition(failedForGood(), retried({}), at(100 * HOUR));
    const refused = { kind: "outcome", attempt: begun.record?.attempts ?? 0, outcome: UNAVAILABLE } as const;
    expect(transition(begun.record, refused, at(100 * HOUR)).record).toMatchObject({
      state: "failed",
      next_retry_at: expect.any(Number),
    });
  });
});

describe("the list of actions", () => {
  it("a retry beyond the limit → the last ones are kept", () => {
    const actions = Array.from({ length: OPERATOR_ACTION_LIMIT }, (_, i) => ({ ...RETRY_NOTE, at: T0 + i }));
    const { record } = transition(healing({ actions: actions }), retried({ actor: "ben" }), at(1));
    expect(record?.actions).toHaveLength(OPERATOR_ACTION_LIMIT);
    expect(record?.actions.at(-1)).toMatchObject({ actor: "ben" });
    expect(record?.actions[0]).toMatchObject({ at: T0 + 1 });
  });
});

describe("operator's assignment of an account", () => {
  const ASSIGNMENT = { account_id: "acc_9", actor: "ana", note: "hers" };
  const ASSIGNED = { ...MONEY, settlement: { ...SETTLEMENT, account_id: "acc_9" } };
  const assign = (mapping: Mapping | null): Input => {
    return { kind: "operator_assign", assignment: { ...ASSIGNMENT, mapping } };
  };
  const asksStripe = (overrides = {}) => {
    const question = { kind: "account", payment: "pi_1", customer: null, stripe_account: null };
    return healingDraft({ work: { ...DRAFTED, question }, ...overrides });
  };

  it("(none) → unknown event", () => {
    expect(transition(null, assign(null), at(1)).verdict).toBe("unknown_event");
  });

  it.each([
    ["failed(unmappable)", unmappable],
    ["failed, while Stripe's API does not answer", asksStripe],
  ] as const)(
    "%s → its body is mapped again, then attempt n+1 with that account, on record with the name",
    (_, state) => {
      expect(transition(state(), assign(null), at(1))).toEqual({
        record: state(),
        effects: [],
        verdict: "needs_mapping",
      });
      const step = transition(state(), assign(ASSIGNED), at(1));
      expect(step.verdict).toBe("started");
      expect(step.record).toMatchObject({
        state: "forwarding",
        attempts: state().attempts + 1,
        actions: [{ action: "assign", ...ASSIGNMENT, at: T0 + 1 }],
        attempt: { trigger: "operator" },
      });
      expect(settlementOf(step.record as EventRecord)).toMatchObject({ account_id: "acc_9" });
    },
  );

  it("the same again, whatever became of it → its record, nothing is begun", () => {
    const actions = [{ action: "assign", ...ASSIGNMENT, at: T0 }];
    for (const state of [healing, forwarded]) {
      expect(transition(state({ actions }), assign(null), at(1))).toMatchObject({
        effects: [],
        verdict: "stored",
      });
    }
  });

  it("the same again, in its attempt → joined; cut off in it → attempted again at once", () => {
    const record = forwarding({ actions: [{ action: "assign", ...ASSIGNMENT, at: T0 }] });
    expect(transition(record, assign(null), at(1, { inFlight: true }))).toEqual({
      record,
      effects: [],
      verdict: "joined",
    });
    expect(transition(record, assign(null), at(1))).toMatchObject({
      record: { state: "forwarding", attempts: 2, work: record.work, attempt: { trigger: "operator" } },
      verdict: "started",
    });
  });

  it("another one, after something was sent → refused", () => {
    const actions = [{ action: "assign", ...ASSIGNMENT, account_id: "acc_8", at: T0 }];
    expect(transition(healing({ actions }), assign(ASSIGNED), at(1)).verdict).toBe("invalid_state");
  });

  it.each([IGNORED, UNMAPPABLE, ASKING, MONEY])(
    "a body that now maps to $kind, not for it → refused",
    (mapping) => {
      const step = transition(unmappable(), assign(mapping), at(1));
      expect(step).toEqual({ record: unmappable(), effects: [], verdict: "invalid_state" });
    },
  );

  it.each(Object.entries(EVERY_STATE).filter(([name]) => name !== "failed(unmappable)"))(
    "%s → refused",
    (_, state) => {
      expect(transition(state(), assign(ASSIGNED), at(1))).toEqual({
        record: state(),
        effects: [],
        verdict: "invalid_state",
      });
    },
  );

  it("unmappable for another reason → refused", () => {
    const record = unmappable({ reason: "refund_without_payment" });
    expect(transition(record, assign(null), at(1)).verdict).toBe("invalid_state");
  });

  it("the retry horizon begins with it", () => {
    const late = 100 * HOUR;
    const { record } = transition(unmappable(), assign(ASSIGNED), at(late));
    const failed = transition(
      record,
      { kind: "outcome", attempt: 1, outcome: UNAVAILABLE },
      at(late + 1, { inFlight: true }),
    );
    expect(failed.record).toMatchObject({ state: "failed", next_retry_at: expect.any(Number) });
  });
});
