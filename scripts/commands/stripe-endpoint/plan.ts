/** What must be done so that Stripe's endpoint is as the mapping needs it. Pure. */
import type { Stripe } from "stripe";

/** Of Stripe's webhook endpoint, what is compared. */
export type Endpoint = Pick<
  Stripe.WebhookEndpoint,
  "id" | "url" | "status" | "api_version" | "enabled_events"
>;

export interface Wanted {
  readonly url: string;
  readonly apiVersion: string;
  readonly events: readonly string[];
}

export type Plan = ReturnType<typeof planFor>;

export function planFor(existing: readonly Endpoint[], { url, apiVersion, events }: Wanted) {
  const same = existing.filter((endpoint) => sameUrl(endpoint.url, url));
  const [found] = same;
  if (found === undefined) return { kind: "create" } as const;
  const { id, api_version: version, enabled_events: has, status } = found;
  // Two deliver everything twice: harmless for the money, but only somebody can say which one is meant.
  if (same.length > 1) return { kind: "several", ids: same.map((endpoint) => endpoint.id) } as const;
  // Stripe fixes the version when an endpoint is made.
  if (version !== apiVersion) return { kind: "other_version", id, version } as const;
  const added = events.filter((event) => !has.includes(event));
  const removed = has.filter((event) => !events.includes(event));
  const enable = status !== "enabled";
  if (added.length === 0 && removed.length === 0 && !enable) return { kind: "nothing", id } as const;
  return { kind: "update", id, added, removed, enable } as const;
}

/** A slash at the end and capitals in the host make no other address. */
function sameUrl(a: string, b: string): boolean {
  return normal(a) === normal(b);
}

function normal(url: string): string {
  return URL.canParse(url) ? new URL(url).href.replace(/\/$/, "") : url;
}
