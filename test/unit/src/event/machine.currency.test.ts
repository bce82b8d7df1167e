/** Money in a currency that the ledger's accounts do not hold: held, visible, never sent. */
import { describe, expect, it } from "vitest";
import { transition } from "../../../../src/event/machine.ts";
import { replyTo } from "../../../../src/event/snapshot.ts";
import { stateOf, summaryOf } from "../../../../src/event/view.ts";
import {
  at,
  delivered,
  DRAFT,
  forwarding,
  held,
  healing,
  ASKING,
  MONEY_IN_EUROS,
  POLICY,
  RESOLVED,
  retried,
  SECOND,
  T0,
} from "../../../support/records.ts";

const inEuros = delivered({ mapping: MONEY_IN_EUROS });
const withEuros = { policy: { ...POLICY, currencies: ["USD", "EUR"] } };

describe("(new) + delivery of another currency", () => {
  it("→ failed, nothing asked of the ledger, 200 for Stripe, with its amount in the list", () => {
    const { record, effects, verdict } = transition(null, inEuros, at(0));
    expect(record).toMatchObject({ state: "failed", cause: "currency", attempts: 0 });
    expect(verdict).toBe("created");
    expect(effects.map(({ kind }) => kind)).toEqual(["set_alarm", "publish"]);
    if (record === null) return;
    expect(replyTo(record, false)).toMatchObject({
      kind: "ok",
      snapshot: {
        state: "failed",
        error_code: "CURRENCY_NOT_SETTLED",
        reason: "currency_not_settled",
        forwarded_to_ledger: false,
      },
    });
    expect(summaryOf(record)).toMatchObject({
      reason: "currency_not_settled",
      error_code: "CURRENCY_NOT_SETTLED",
      account_id: "acc_1",
      amount_minor: "1234",
      currency: "EUR",
      next_retry_at: null,
    });
    expect(stateOf(record, null, null).last_error?.message).toContain("EUR");
  });

  it("whose account must be looked up → held before anybody is asked", () => {
    const mapping = { ...ASKING, draft: { ...DRAFT, currency: "JPY" } };
    const { record } = transition(null, delivered({ mapping }), at(0));
    expect(record).toMatchObject({ state: "failed", cause: "currency", work: { kind: "draft" } });
  });

  it("with the currency configured → forwarding", () => {
    expect(transition(null, inEuros, at(0, withEuros)).record).toMatchObject({ state: "forwarding" });
  });
});

describe("failed(currency)", () => {
  it.each([
    ["delivery", inEuros, "stored"],
    ["alarm", { kind: "alarm" } as const, "stored"],
    ["poke", { kind: "poke" } as const, "stored"],
    ["healing retry", retried({ scope: "healing" }), "stored"],
  ])("+ %s, not configured yet → stays", (_, input, verdict) => {
    expect(transition(held(), input, at(60 * SECOND))).toMatchObject({
      verdict,
      record: { cause: "currency" },
    });
  });

  it("+ retry, not configured yet → stays, with the act on record, and no attempt", () => {
    const { record, effects } = transition(held(), retried(), at(60 * SECOND));
    expect(record).toMatchObject({ cause: "currency", actions: [{ action: "retry", actor: "ana" }] });
    expect(effects.some(({ kind }) => kind === "attempt")).toBe(false);
  });

  it.each([
    ["delivery", inEuros],
    ["retry", retried()],
  ])("+ %s, configured meanwhile → forwarding", (_, input) => {
    const step = transition(held(), input, at(60 * SECOND, withEuros));
    expect(step).toMatchObject({ verdict: "started", record: { state: "forwarding", attempts: 1 } });
  });

  it("+ resolve → resolved, with what it was", () => {
    expect(transition(held(), RESOLVED, at(60 * SECOND)).record).toMatchObject({
      state: "resolved",
      work: held().work,
      reason: "currency_not_settled",
    });
  });
});

describe("what was sent once comes to its end, whatever is configured since", () => {
  const noDollars = { policy: { ...POLICY, currencies: ["EUR"] } };

  it.each([
    ["failed(healing) + alarm", healing(), { kind: "alarm" } as const, T0 + 15 * SECOND],
    ["forwarding, cut off + alarm", forwarding(), { kind: "alarm" } as const, T0 + 20 * SECOND],
  ])("%s → forwarding", (_, record, input, now) => {
    expect(transition(record, input, at(now - T0, noDollars)).record).toMatchObject({ state: "forwarding" });
  });
});
