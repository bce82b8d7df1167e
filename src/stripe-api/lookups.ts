/**
 * Whose money a payment is, and what a balance transaction is, asked of Stripe: a request or a few, one
 * deadline for all of them, and never an exception.
 */
import { z } from "zod";
import { retryAfterMs } from "../retry-after.ts";
import { requestStripe, type Stripe, type StripeApiOptions } from "./client.ts";
import { keyLivemode } from "./key-livemode.ts";
import { type NamedAccounts, readCustomer, readInvoicePayments, readSessions } from "./named-accounts.ts";
import type { StripeLookups, StripeUnavailable } from "./port.ts";
import { isMissing, type StripeReply } from "./reply.ts";

export interface StripeLookupsOptions extends StripeApiOptions {
  /** The key in the metadata of Stripe's objects that names the ledger account. */
  readonly accountMetadataKey: string;
  /** Of the payments that are asked about. To a key of the other mode none of them exists. */
  readonly livemode: boolean;
  /** For all requests of one look-up together. */
  readonly timeoutMs: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type Ask = (call: (stripe: Stripe) => Promise<unknown>) => Promise<StripeReply>;

/** What is asked about an intent, in order. A charge without an intent has neither. */
const SOURCES_OF_INTENT: readonly {
  readonly list: (stripe: Stripe, paymentIntent: string) => Promise<unknown>;
  readonly read: (body: unknown, paymentIntent: string, key: string) => NamedAccounts | null;
}[] = [
  {
    list: (stripe, payment_intent) => stripe.checkout.sessions.list({ payment_intent }),
    read: readSessions,
  },
  {
    list: (stripe, payment_intent) =>
      stripe.invoicePayments.list({
        payment: { type: "payment_intent", payment_intent },
        expand: ["data.invoice"],
      }),
    read: readInvoicePayments,
  },
];

const NONE = { kind: "none" } as const;
const WRONG_MODE: StripeUnavailable = { kind: "unavailable", retry_after_ms: null };
const NO_ANSWER: StripeReply = { status: null, retryAfter: null, body: null, error: {} };

export function createStripeLookups(options: StripeLookupsOptions): StripeLookups {
  const { accountMetadataKey: key } = options;
  const isWrongMode = (keyLivemode(options.key) ?? options.livemode) !== options.livemode;
  const unavailable = (reply: StripeReply) => unavailableBy(reply, options.now());

  return {
    async findAccount({ payment, customer, stripe_account }) {
      if (isWrongMode) return WRONG_MODE;
      const ask = startChain(options, stripe_account);
      const customers = new Set<string>();
      for (const { list, read } of payment.startsWith("pi_") ? SOURCES_OF_INTENT : []) {
        const reply = await ask((stripe) => list(stripe, payment));
        if (isMissing(reply)) continue;
        const found = read(reply.body, payment, key);
        // Without its answer the next source is not asked: what it names may be another account.
        if (found === null) return unavailable(reply);
        const [first] = found.named;
        // Which of two accounts is right cannot be known here, and the next source does not decide it either.
        if (new Set(found.named.map(({ account_id }) => account_id)).size > 1) return NONE;
        if (first !== undefined) return first;
        for (const each of found.customers) customers.add(each);
      }

      const [only = null] = customers.size === 1 ? customers : [];
      const customerId = customer ?? only;
      if (customerId === null || !isPathSegment(customerId)) return NONE;
      const reply = await ask((stripe) => stripe.customers.retrieve(customerId));
      if (isMissing(reply)) return NONE;
      const found = readCustomer(reply.body, customerId, key);
      return found === null ? unavailable(reply) : (found.named[0] ?? NONE);
    },

    async findReportingCategory(transaction, stripeAccount) {
      if (isWrongMode) return WRONG_MODE;
      if (!isPathSegment(transaction)) return NONE;
      const ask = startChain(options, stripeAccount);
      const reply = await ask((stripe) => stripe.balanceTransactions.retrieve(transaction));
      if (isMissing(reply)) return NONE;
      const found = balanceTransaction.safeParse(reply.body);
      if (!found.success || found.data.id !== transaction) return unavailable(reply);
      return { kind: "found", reporting_category: found.data.reporting_category };
    },
  };
}

const balanceTransaction = z.object({
  object: z.literal("balance_transaction"),
  id: z.string(),
  reporting_category: z.string().min(1).max(255),
});

/** Each request gets what the ones before it left of the time. */
function startChain(options: StripeLookupsOptions, stripeAccount: string | null): Ask {
  const endsAt = options.now() + options.timeoutMs;
  return async (call) => {
    // A clock that is set back must not lengthen it.
    const timeoutMs = Math.min(endsAt - options.now(), options.timeoutMs);
    if (timeoutMs <= 0) return NO_ANSWER;
    return requestStripe({ ...options, timeoutMs, stripeAccount }, call);
  };
}

/** No other text goes into a path: the request would go to another resource, such as the whole list. */
function isPathSegment(text: string): boolean {
  return !["", ".", ".."].includes(text);
}

function unavailableBy({ retryAfter }: StripeReply, nowMs: number): StripeUnavailable {
  return { kind: "unavailable", retry_after_ms: retryAfterMs(retryAfter, nowMs) };
}
