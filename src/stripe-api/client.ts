/**
 * Stripe's API by Stripe's own client: one request per call, never an exception, and no text of Stripe's.
 * The only file that loads the `stripe` package, and only at its first request: the objects of events are started
 * thousands of times and never make one.
 */
import type { Stripe } from "stripe";
import type { EventsAnswer, EventsQuery, StripeEvents } from "./port.ts";

/** Connecting, headers and body. A page of a hundred events is a few hundred kilobytes. */
const TIMEOUT_MS = 30_000;

export interface StripeApiOptions {
  /** A restricted key that may read events is enough. */
  readonly key: string;
  /** An origin, without a path. */
  readonly baseUrl: string;
}

/** What came back, whatever the client makes of it: it does not report the status of an answer that is not JSON. */
interface ResponseFacts {
  status: number | null;
  retryAfter: string | null;
}

export function createStripeEvents(options: StripeApiOptions): StripeEvents {
  return {
    async list(query) {
      const facts: ResponseFacts = { status: null, retryAfter: null };
      try {
        const stripe = await load(options, facts);
        const page: Partial<Stripe.ApiList<Stripe.Event>> = await stripe.events.list(paramsOf(query));
        // A 2xx alone is not believed: a proxy's page must not end a run as if there were no more events.
        if (!isSuccess(facts) || !Array.isArray(page.data)) return answerOf({}, facts);
        if (page.data.length === 0 && page.has_more === true) return answerOf({}, facts);
        return { kind: "page", events: page.data, hasMore: page.has_more === true };
      } catch (error) {
        return answerOf(error, facts);
      }
    },
  };
}

async function load({ key, baseUrl }: StripeApiOptions, facts: ResponseFacts): Promise<Stripe> {
  const { default: StripeClient } = await import("stripe");
  const { protocol, hostname, port } = new URL(baseUrl);
  const isPlain = protocol === "http:";
  return new StripeClient(key, {
    httpClient: StripeClient.createFetchHttpClient(((url: string, init: RequestInit) =>
      send(url, init, facts)) as typeof fetch),
    host: hostname,
    port: port === "" ? (isPlain ? 80 : 443) : Number(port),
    protocol: isPlain ? "http" : "https",
    // When to try again is decided, and stored, by the run.
    maxNetworkRetries: 0,
    telemetry: false,
    timeout: TIMEOUT_MS,
  });
}

/** `globalThis.fetch` is looked up at each call, so that a test can spy on it. */
async function send(url: string, init: RequestInit, facts: ResponseFacts): Promise<Response> {
  // Never followed: the key would go with the request, to wherever the answer points.
  const response = await globalThis.fetch(url, { ...init, redirect: "manual" });
  facts.status = response.status;
  facts.retryAfter = response.headers.get("retry-after");
  if (!response.headers.has("stripe-notice")) return response;
  // The client would write it into our log, which holds no text but ours.
  const headers = new Headers(response.headers);
  headers.delete("stripe-notice");
  return new Response(response.body, { status: response.status, headers });
}

function paramsOf(query: EventsQuery): Stripe.EventListParams {
  return {
    types: [...query.types],
    created: { gte: query.createdGte, lt: query.createdLt },
    limit: query.limit,
    ...(query.startingAfter !== null && { starting_after: query.startingAfter }),
  };
}

/** Statuses below 500 that heal by themselves. */
const HEALING: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** By the status, and by one code. */
function answerOf(error: unknown, { status, retryAfter }: ResponseFacts): EventsAnswer {
  if (status === 401 || status === 403) return { kind: "refused", status };
  if (status === null || status < 400 || status >= 500 || HEALING.has(status)) {
    return { kind: "unavailable", status, retryAfter };
  }
  const { code, param } = (error ?? {}) as { code?: unknown; param?: unknown };
  if (code === "rate_limit") return { kind: "unavailable", status, retryAfter };
  return code === "resource_missing" && param === "starting_after"
    ? { kind: "starting_after_unknown" }
    : { kind: "rejected", status };
}

function isSuccess({ status }: ResponseFacts): boolean {
  return status !== null && status >= 200 && status <= 299;
}
