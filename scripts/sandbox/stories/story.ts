import type { StripeAccount } from "../stripe-account/stripe-account.ts";
import type { StripeAccountOptions } from "../stripe-account/books.ts";

/** The ledger accounts that stories name. */
export interface Owners {
  readonly ada: string;
  /** Whom money reaches by mistake; in a few stories it is really his. */
  readonly bob: string;
}

export interface Story {
  readonly title: string;
  /** Of the Stripe account that it happens in. */
  readonly options?: Pick<StripeAccountOptions, "apiVersion" | "requestVersion" | "account" | "isListed">;
  /** What Ada's account lacks until an operator has decided something: signed, in minor units. */
  readonly lacksUntilOperator?: number;
  /** The endpoint gets the events in the order of `account.events`, which the story may have changed. */
  play(account: StripeAccount, owners: Owners): void;
}

/** What the platform writes into metadata. */
export function named(account_id: string): { readonly account_id: string } {
  return { account_id };
}
