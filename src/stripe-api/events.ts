/** Stripe's list of events, page by page. */
import { requestStripe, type Stripe, type StripeApiOptions } from "./client.ts";
import type { EventsAnswer, EventsQuery, StripeEvents } from "./port.ts";
import { type StripeReply, whyOf } from "./reply.ts";

/** A page of a hundred events is a few hundred kilobytes. */
const TIMEOUT_MS = 30_000;

export function createStripeEvents(options: StripeApiOptions): StripeEvents {
  return {
    async list(query) {
      const reply = await requestStripe(
        { ...options, timeoutMs: TIMEOUT_MS, stripeAccount: null },
        (stripe) => stripe.events.list(paramsOf(query)),
      );
      const page = (reply.body ?? {}) as Partial<Stripe.ApiList<Stripe.Event>>;
      // A 2xx alone is not believed: a proxy's page must not end a run as if there were no more events.
      if (!Array.isArray(page.data)) return answerOf(reply);
      if (page.data.length === 0 && page.has_more === true) return answerOf(reply);
      return { kind: "page", events: page.data, hasMore: page.has_more === true };
    },
  };
}

function paramsOf(query: EventsQuery): Stripe.EventListParams {
  return {
    types: [...query.types],
    created: { gte: query.createdGte, lt: query.createdLt },
    limit: query.limit,
    ...(query.startingAfter !== null && { starting_after: query.startingAfter }),
  };
}

function answerOf(reply: StripeReply): EventsAnswer {
  const { status, retryAfter, error } = reply;
  const why = whyOf(reply);
  if (why === "unavailable" || status === null) return { kind: "unavailable", status, retryAfter };
  const isCursorUnknown = error.code === "resource_missing" && error.param === "starting_after";
  return why === "rejected" && isCursorUnknown ? { kind: "starting_after_unknown" } : { kind: why, status };
}
