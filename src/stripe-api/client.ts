/**
 * Stripe's API by Stripe's own client: one request per call, never an exception, and no text of Stripe's. The
 * only file that loads the `stripe` package, and only at its first request: the objects of events are started
 * thousands of times, and most of them never make one.
 */
import type { Stripe } from "stripe";
import type { StripeReply } from "./reply.ts";

export type { Stripe };

export interface StripeApiOptions {
  /** A restricted key is enough: docs/deployment.md lists the permissions. */
  readonly key: string;
  /** An origin, without a path. */
  readonly baseUrl: string;
}

export interface AccountOptions extends StripeApiOptions {
  /** The connected account that requests are made as; null: the account of the key. */
  readonly stripeAccount: string | null;
}

export interface RequestOptions extends AccountOptions {
  /** Connecting, headers and body. */
  readonly timeoutMs: number;
}

/**
 * What came back, whatever the client makes of it: it does not report the
 * status of an answer that is not JSON.
 */
interface ResponseFacts {
  status: number | null;
  retryAfter: string | null;
}

/** `call` makes exactly one request. */
export async function requestStripe(
  options: RequestOptions,
  call: (stripe: Stripe) => Promise<unknown>,
): Promise<StripeReply> {
  const facts: ResponseFacts = { status: null, retryAfter: null };
  try {
    const body = await call(await load(options, facts));
    // The client takes a redirect for an answer, if its body is JSON.
    return { ...facts, body: isSuccess(facts) ? body : null, error: {} };
  } catch (error) {
    const { rawType: type, code, param } = (error ?? {}) as Partial<Stripe.errors.StripeError>;
    return { ...facts, body: null, error: { type, code, param } };
  }
}

async function load(options: RequestOptions, facts: ResponseFacts): Promise<Stripe> {
  const { default: StripeClient } = await import("stripe");
  const { protocol, hostname, port } = new URL(options.baseUrl);
  const isPlain = protocol === "http:";
  return new StripeClient(options.key, {
    httpClient: StripeClient.createFetchHttpClient(((url: string, init: RequestInit) =>
      send(url, init, facts)) as typeof fetch),
    host: hostname,
    port: port === "" ? (isPlain ? 80 : 443) : Number(port),
    protocol: isPlain ? "http" : "https",
    // When to try again is decided, and stored, by who asks.
    maxNetworkRetries: 0,
    telemetry: false,
    timeout: options.timeoutMs,
    ...(options.stripeAccount !== null && { stripeAccount: options.stripeAccount }),
  });
}

/** `globalThis.fetch` is looked up at each call, so that a test can spy on it. */
async function send(url: string, init: RequestInit, facts: ResponseFacts): Promise<Response> {
  // Never followed: the key would go with the request, to wherever the answer points.
  const response = await globalThis.fetch(url, { ...init, redirect: "manual" });
  facts.status = response.status;
  facts.retryAfter = response.headers.get("retry-after");
  const text = await response.text();
  // For JSON that is a number, a text or `true` the client throws where nobody
  // catches it, and its promise stays pending.
  if (!/^\s*[{[]/.test(text)) throw new TypeError("The answer is no JSON object.");
  // Without its headers: the client would write a `stripe-notice` into our log, which holds no text but ours.
  return new Response(text, { status: response.status });
}

function isSuccess({ status }: ResponseFacts): boolean {
  return status !== null && status >= 200 && status <= 299;
}
