import { Random } from "../../../../../scripts/lib/random.ts";
import type { StripeAccountOptions } from "../../../../../scripts/sandbox/stripe-account/books.ts";
import { StripeAccount } from "../../../../../scripts/sandbox/stripe-account/stripe-account.ts";

const NOW = Date.UTC(2026, 10, 1);
export const ADA = { metadata: { account_id: "acc_ada" } };

export function newAccount(options: Partial<StripeAccountOptions> = {}): StripeAccount {
  return new StripeAccount({ random: new Random(1), now: NOW, ...options });
}

/** The types of the events that `act` makes. */
export function typesOf(account: StripeAccount, act: () => unknown): string[] {
  const before = account.events.length;
  act();
  return account.events.slice(before).map(({ type }) => type);
}

export function moved({ transactions }: StripeAccount): unknown[] {
  return transactions.map(({ amount, type, reporting_category }) => [amount, type, reporting_category]);
}
