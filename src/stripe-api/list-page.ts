/** One page of any of Stripe's lists, and what an answer that is none means. */
import type { Stripe } from "./client.ts";
import type { ListAnswer, ListQuery } from "./port.ts";
import { type StripeReply, whyOf } from "./reply.ts";

/** A page of a hundred is a few hundred kilobytes. */
export const LIST_TIMEOUT_MS = 30_000;

export function paramsOf(query: ListQuery) {
  return {
    created: { gte: query.createdGte, lt: query.createdLt },
    limit: query.limit,
    ...(query.startingAfter !== null && { starting_after: query.startingAfter }),
  };
}

export function pageOf(reply: StripeReply): ListAnswer {
  const page = (reply.body ?? {}) as Partial<Stripe.ApiList<unknown>>;
  const { data, has_more: hasMore } = page;
  // A 2xx alone is not believed: a proxy's page must not end a run as if there were no more.
  if (Array.isArray(data) && typeof hasMore === "boolean" && (data.length > 0 || !hasMore)) {
    return { kind: "page", items: data, hasMore };
  }
  const { error } = reply;
  const failure = failureOf(reply);
  const isCursorUnknown = error.code === "resource_missing" && error.param === "starting_after";
  return failure.kind === "rejected" && isCursorUnknown ? { kind: "starting_after_unknown" } : failure;
}

export function failureOf(
  reply: StripeReply,
): Exclude<ListAnswer, { kind: "page" | "starting_after_unknown" }> {
  const { status, retryAfter } = reply;
  const why = whyOf(reply);
  if (why === "unavailable" || status === null) return { kind: "unavailable", status, retryAfter };
  return { kind: why, status };
}
