/** Which balance transactions an event reports. */
import { describe, expect, test } from "vitest";
import { DAY } from "../../../scripts/lib/durations.ts";
import { Random } from "../../../scripts/lib/random.ts";
import { StripeAccount } from "../../../scripts/sandbox/stripe-account/stripe-account.ts";
import { transactionsOf } from "../../support/event-facts.ts";

function refunds(account: StripeAccount): number[][] {
  return account.events
    .filter(({ type }) => type === "charge.refunded")
    .map((event) =>
      transactionsOf(event, account).map(({ id }) => account.transactions.findIndex((one) => one.id === id)),
    );
}

describe("charge.refunded", () => {
  const account = new StripeAccount({ random: new Random(1), now: Date.UTC(2026, 10, 1) });
  const payment = account.pay({ amount: 1_000, metadata: { account_id: "acc_ada" } });
  const failing = payment.refund({ amount: 400 });
  account.later(DAY);
  failing.fail();
  account.later(DAY);
  payment.refund({ amount: 400 });
  account.later(DAY);
  payment.refund({ amount: 600 });

  test("a refund that fails, the same again, the rest → each event reports its own refund", () => {
    expect(account.transactions.map(({ amount }) => amount)).toEqual([1_000, -400, 400, -400, -600]);
    expect(refunds(account)).toEqual([[1], [3], [4]]);
  });
});
