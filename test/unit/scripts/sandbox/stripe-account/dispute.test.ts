/** What Stripe sends about a dispute, and what its balance does. */
import { describe, expect, test } from "vitest";
import { ADA, newAccount, typesOf } from "./fixture.ts";

describe("a dispute", () => {
  test("→ its first event carries the withdrawal; won → its last one the return too", () => {
    const account = newAccount();
    const payment = account.pay(ADA);
    expect(typesOf(account, () => payment.dispute().win())).toEqual([
      "charge.dispute.created",
      "charge.dispute.funds_withdrawn",
      "charge.dispute.updated",
      "charge.updated",
      "charge.dispute.funds_reinstated",
      "charge.dispute.closed",
    ]);
    const [, withdrawn, returned] = account.transactions;
    expect(account.lastEvent("charge.dispute.created").data.object).toMatchObject({
      balance_transactions: [withdrawn],
    });
    expect(account.lastEvent("charge.dispute.closed").data.object).toMatchObject({
      balance_transactions: [withdrawn, returned],
    });
    expect([withdrawn?.fee, withdrawn?.net, returned?.fee]).toEqual([1_500, -4_000, 0]);
  });

  test("of an inquiry → no transaction until it escalates", () => {
    const account = newAccount();
    const dispute = account.pay(ADA).dispute({ kind: "inquiry" });
    expect(account.transactions).toHaveLength(1);
    expect(typesOf(account, () => dispute.escalate())).toEqual([
      "charge.dispute.updated",
      "charge.dispute.funds_withdrawn",
    ]);
    expect(account.transactions).toHaveLength(2);
  });

  test("returned in part in another currency → nobody can say how much that is", () => {
    const conversion = { currency: "eur", rate: 0.9 };
    const dispute = newAccount()
      .pay({ ...ADA, conversion })
      .dispute();
    expect(() => dispute.loseInPart(1_000)).toThrow("only all of it is converted");
  });
});
