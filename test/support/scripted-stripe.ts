/** Stripe's list of events, answered from what a test says has happened. */
import type { StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import type { LedgerRequest } from "./scripted-ledger.ts";

const HOST = "api.stripe.com";

export const OWN_ACCOUNT = { id: "acct_own", livemode: false } as const;

export interface TransactionBody {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  /** The connected account that it is of. */
  readonly account?: string | undefined;
  readonly source?: unknown;
}

type Fault = (n: number, url: URL, stripeAccount: string | null) => Response | Promise<Response> | null;

export interface ScriptedStripe {
  /** What has happened, in any order. */
  readonly events: StripeEventBody[];
  /** Every question for events so far. */
  readonly questions: URL[];
  /** Instead of the list's answer: n counts the questions, from 1. null: the list. */
  fault: Fault | null;
  /** Balance transactions, each with its source, in any order. */
  readonly transactions: TransactionBody[];
  /** Everything else that can be asked for, by its id. */
  readonly objects: Map<string, object>;
  /** Whose key it is. */
  account: { readonly id: string; readonly livemode: boolean };
  /**
   * Instead of the answer to anything but the list of events: n counts these
   * questions, from 1. null: the answer.
   */
  moneyFault: Fault | null;
  /** undefined: the request is not for Stripe. */
  answer(request: LedgerRequest): Response | Promise<Response> | undefined;
}

export function scriptStripe(events: readonly StripeEventBody[] = []): ScriptedStripe {
  const questions: URL[] = [];
  let others = 0;
  const stripe: ScriptedStripe = {
    events: [...events],
    transactions: [],
    objects: new Map(),
    account: OWN_ACCOUNT,
    questions,
    fault: null,
    moneyFault: null,
    answer({ url, stripeAccount = null }) {
      if (url.host !== HOST) return undefined;
      if (url.pathname !== "/v1/events") {
        return stripe.moneyFault?.(++others, url, stripeAccount) ?? moneyOf(stripe, url, stripeAccount);
      }
      questions.push(url);
      const own = stripe.events.filter((event) => (event.account ?? null) === stripeAccount);
      return stripe.fault?.(questions.length, url, stripeAccount) ?? listOf(own, url);
    },
  };
  return stripe;
}

export function stripeError(
  status: number,
  fields: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Response {
  const error = { type: "api_error", message: "upstream words that must go nowhere", ...fields };
  return Response.json({ error }, { status, headers });
}

function moneyOf(
  { account, transactions, objects }: ScriptedStripe,
  url: URL,
  stripeAccount: string | null,
): Response {
  const [, id] = /^\/v1\/(?:payment_intents|balance_transactions)\/(\w+)$/.exec(url.pathname) ?? [];
  if (id !== undefined) {
    const found = transactions.find((each) => each.id === id) ?? objects.get(id);
    if (found !== undefined) return Response.json(found);
    return stripeError(404, { type: "invalid_request_error", code: "resource_missing", param: "id" });
  }
  switch (url.pathname) {
    case "/v1/account":
      return Response.json({ object: "account", id: stripeAccount ?? account.id });
    case "/v1/balance":
      return Response.json({ object: "balance", livemode: account.livemode });
    default:
      return pageOf(transactions, url, (each) => (each.account ?? null) === stripeAccount);
  }
}

/** Newest first, as Stripe lists them. https://docs.stripe.com/api/events/list */
function listOf(events: readonly StripeEventBody[], url: URL): Response {
  const types = new Set(
    [...url.searchParams].flatMap(([name, value]) => (name.startsWith("types[") ? value : [])),
  );
  return pageOf(events, url, ({ type }) => types.has(type));
}

function pageOf<Item extends TransactionBody>(
  items: readonly Item[],
  { searchParams }: URL,
  matches: (item: Item) => boolean = () => true,
): Response {
  const from = Number(searchParams.get("created[gte]"));
  const to = Number(searchParams.get("created[lt]"));
  const limit = Number(searchParams.get("limit"));
  const after = searchParams.get("starting_after");
  const newestFirst = [...items].sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  const matching = newestFirst.filter((item) => matches(item) && item.created >= from && item.created < to);
  const at = after === null ? -1 : newestFirst.findIndex(({ id }) => id === after);
  if (after !== null && at === -1) {
    return stripeError(400, { code: "resource_missing", param: "starting_after" });
  }
  const rest = matching.filter((item) => newestFirst.indexOf(item) > at);
  return Response.json({ object: "list", data: rest.slice(0, limit), has_more: rest.length > limit });
}
