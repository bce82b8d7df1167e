/**
 * `GET /v1/account` and `GET /v1/balance`: whose key it is, and what that
 * account has. Both take no parameter. Pure.
 */
import { notExpandable, type Problem, unknownParameter } from "./problem.ts";

/** Of the one account that the sandbox's key belongs to. */
const SANDBOX_ACCOUNT = "acct_sandbox";

/** Net amounts of all its balance transactions, by currency. */
export type Sums = readonly { readonly currency: string; readonly net: number }[];

export function ownAccount(query: string, account: string): object {
  return (
    refuse(query) ?? { id: account === "" ? SANDBOX_ACCOUNT : account, object: "account", type: "standard" }
  );
}

export function ownBalance(query: string, sums: Sums): object {
  const amounts = sums.map(({ currency, net: amount }) => ({
    amount,
    currency,
    source_types: { card: amount },
  }));
  // Nothing becomes available here: that takes Stripe two days.
  const available = sums.map(({ currency }) => ({ amount: 0, currency, source_types: { card: 0 } }));
  return refuse(query) ?? { object: "balance", available, livemode: false, pending: amounts };
}

function refuse(query: string): Problem | null {
  const [name, value = ""] = [...new URLSearchParams(query)][0] ?? [];
  if (name === undefined) return null;
  return name.startsWith("expand[") ? notExpandable(value) : unknownParameter(name);
}
