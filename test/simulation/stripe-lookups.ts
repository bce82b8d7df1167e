/**
 * What Stripe's API answers to the look-ups, from the objects of the
 * accounts at Stripe, as they are in the end.
 */
import {
  type NamedAccounts,
  readCustomer,
  readInvoicePayments,
  readSessions,
} from "../../src/stripe-api/named-accounts.ts";
import type { StripeLookups } from "../../src/stripe-api/port.ts";
import type { StripeObject } from "../../scripts/sandbox/events/stripe-objects.ts";
import type { StripeAccount } from "../../scripts/sandbox/stripe-account/stripe-account.ts";

export const ACCOUNT_KEY = "account_id";

const NONE = { kind: "none" } as const;

export function lookupsOver(stripe: readonly StripeAccount[]): StripeLookups {
  let known: readonly StripeObject[] | null = null;
  /** Of a connected account, or of the platform itself: nobody sees another's. */
  const objectsOf = (account: string | null) =>
    (known ??= stripe.flatMap(({ objects }) => objects)).filter(
      (one) => (one["_account"] ?? null) === account,
    );
  return {
    async findAccount({ payment, customer, stripe_account }) {
      const objects = objectsOf(stripe_account);
      const list = (isAsked: (object: StripeObject) => boolean) => {
        return { object: "list", data: objects.filter(isAsked), has_more: false };
      };
      const sessions = list(
        (one) => one["object"] === "checkout.session" && one["payment_intent"] === payment,
      );
      const invoices = list((one) => one["object"] === "invoice_payment" && paidBy(one) === payment);
      const read = [
        readSessions(sessions, payment, ACCOUNT_KEY),
        readInvoicePayments(invoices, payment, ACCOUNT_KEY),
      ].map(sound);
      const first = read.flatMap(({ named }) => named)[0];
      if (first !== undefined) return first;
      const id = customer ?? read.flatMap(({ customers }) => customers)[0] ?? "";
      const found = objects.find((one) => one["id"] === id);
      return found === undefined ? NONE : (sound(readCustomer(found, id, ACCOUNT_KEY)).named[0] ?? NONE);
    },
    async findReportingCategory(transaction, stripeAccount) {
      const found = objectsOf(stripeAccount).find(({ id }) => id === transaction);
      return found === undefined
        ? NONE
        : { kind: "found", reporting_category: String(found["reporting_category"]) };
    },
  };
}

function paidBy({ payment }: StripeObject): unknown {
  return (payment as StripeObject)["payment_intent"];
}

function sound(read: NamedAccounts | null): NamedAccounts {
  if (read === null) throw new Error("the account at Stripe holds an object that cannot be read");
  return read;
}
