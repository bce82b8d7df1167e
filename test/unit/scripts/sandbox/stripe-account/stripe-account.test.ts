/** What is the same for all that happens in an account. */
import { describe, expect, test } from "vitest";
import { expectedBalances } from "../../../../../scripts/sandbox/stripe-account/expected-balances.ts";
import { ADA, newAccount } from "./fixture.ts";

describe("the account", () => {
  test("a twin → another id, the same object, right after it", () => {
    const account = newAccount();
    account.pay(ADA);
    const event = account.lastEvent("payment_intent.succeeded");
    const twin = account.twin(event, 1);
    expect(twin).toEqual({ ...event, id: twin.id, created: event.created + 1 });
    expect(twin.id).not.toBe(event.id);
    expect(account.events.indexOf(twin)).toBe(account.events.indexOf(event) + 1);
  });

  test("an event that is delivered last → is the last, and there once", () => {
    const account = newAccount();
    account.pay(ADA);
    const { length } = account.events;
    const event = account.lastEvent("payment_intent.succeeded");
    account.deliverLast(event);
    expect(account.events.at(-1)).toBe(event);
    expect(account.events).toHaveLength(length);
  });

  test("a connected one → its id on every event, and beside every object", () => {
    const account = newAccount({ account: "acct_1" });
    account.pay(ADA).refund();
    expect(new Set(account.events.map((event) => event.account))).toEqual(new Set(["acct_1"]));
    expect(new Set(account.objects.map(({ _account }) => _account))).toEqual(new Set(["acct_1"]));
  });

  test("a payment of nobody → its transactions are unowned", () => {
    const account = newAccount();
    account.pay().refund({ amount: 500 });
    account.payOut().pay();
    const { balances, unowned } = expectedBalances(account);
    expect(balances.size).toBe(0);
    expect(unowned.map(({ amount }) => amount)).toEqual([2_500, -500]);
  });
});
