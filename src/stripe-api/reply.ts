/** What came back of one request to Stripe's API, and what a reply that is no answer means. Pure. */

export interface StripeReply {
  /** null: no answer. */
  readonly status: number | null;
  /** The header as it came. */
  readonly retryAfter: string | null;
  /** Of a 2xx that is JSON without an error; null otherwise. */
  readonly body: unknown;
  /** What Stripe's client made of an error; none of it is checked. */
  readonly error: { readonly type?: unknown; readonly code?: unknown; readonly param?: unknown };
}

/** Statuses below 500 that heal by themselves. */
const HEALING: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** Why there is no answer: by the status, and by one code. */
export function whyOf({ status, error }: StripeReply): "refused" | "rejected" | "unavailable" {
  if (status === 401 || status === 403) return "refused";
  if (status === null || status < 400 || status >= 500 || HEALING.has(status)) return "unavailable";
  return error.code === "rate_limit" ? "unavailable" : "rejected";
}

/**
 * Whether a 4xx is Stripe's own. A proxy's 404 page proves neither that the request is
 * wrong nor that the object does not exist.
 */
function isStripesError({ error }: StripeReply): boolean {
  return error.type === "invalid_request_error";
}

/** Stripe does not know the object: 404 for the one in the path, 400 for one in a parameter. */
export function isMissing(reply: StripeReply): boolean {
  const { status, error } = reply;
  return (status === 404 || status === 400) && error.code === "resource_missing" && isStripesError(reply);
}
