/** Stripe's list of events, answered from what a test says has happened. */
import type { StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import type { LedgerRequest } from "./scripted-ledger.ts";

const HOST = "api.stripe.com";

export interface ScriptedStripe {
  /** What has happened, in any order. */
  readonly events: StripeEventBody[];
  /** Every question so far. */
  readonly questions: URL[];
  /** Instead of the list's answer: n counts the questions, from 1. null: the list. */
  fault: ((n: number, url: URL) => Response | Promise<Response> | null) | null;
  /** undefined: the request is not for Stripe. */
  answer(request: LedgerRequest): Response | Promise<Response> | undefined;
}

export function scriptStripe(events: readonly StripeEventBody[] = []): ScriptedStripe {
  const questions: URL[] = [];
  const stripe: ScriptedStripe = {
    events: [...events],
    questions,
    fault: null,
    answer({ url }) {
      if (url.host !== HOST) return undefined;
      questions.push(url);
      return stripe.fault?.(questions.length, url) ?? listOf(stripe.events, url);
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

/** Newest first, as Stripe lists them. https://docs.stripe.com/api/events/list */
function listOf(events: readonly StripeEventBody[], { searchParams }: URL): Response {
  const types = new Set(
    [...searchParams].flatMap(([name, value]) => (name.startsWith("types[") ? value : [])),
  );
  const from = Number(searchParams.get("created[gte]"));
  const to = Number(searchParams.get("created[lt]"));
  const limit = Number(searchParams.get("limit"));
  const after = searchParams.get("starting_after");
  const newestFirst = [...events].sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  const matching = newestFirst.filter(
    ({ type, created }) => types.has(type) && created >= from && created < to,
  );
  const at = after === null ? -1 : newestFirst.findIndex(({ id }) => id === after);
  if (after !== null && at === -1) {
    return stripeError(400, { code: "resource_missing", param: "starting_after" });
  }
  const rest = matching.filter((event) => newestFirst.indexOf(event) > at);
  return Response.json({ object: "list", data: rest.slice(0, limit), has_more: rest.length > limit });
}
