/** What must be done so that Stripe's endpoint is as the mapping needs it. Pure. */

/** Of Stripe's webhook endpoint, what is compared. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly status: string;
  readonly api_version: string | null;
  readonly enabled_events: readonly string[];
}

export interface Wanted {
  readonly url: string;
  readonly apiVersion: string;
  readonly events: readonly string[];
}

export type Plan =
  | { readonly kind: "create" }
  | { readonly kind: "nothing"; readonly id: string }
  | {
      readonly kind: "update";
      readonly id: string;
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly enable: boolean;
    }
  /** Two endpoints deliver everything twice. Harmless for the money, but which one is meant only somebody can say. */
  | { readonly kind: "several"; readonly ids: readonly string[] }
  /** Stripe fixes the version when an endpoint is made. */
  | { readonly kind: "other_version"; readonly id: string; readonly version: string | null };

export function planFor(existing: readonly Endpoint[], { url, apiVersion, events }: Wanted): Plan {
  const same = existing.filter((endpoint) => sameUrl(endpoint.url, url));
  const [found] = same;
  if (found === undefined) return { kind: "create" };
  const { id, api_version: version, enabled_events: has, status } = found;
  if (same.length > 1) return { kind: "several", ids: same.map((endpoint) => endpoint.id) };
  if (version !== apiVersion) return { kind: "other_version", id, version };
  const added = events.filter((event) => !has.includes(event));
  const removed = has.filter((event) => !events.includes(event));
  const enable = status !== "enabled";
  if (added.length === 0 && removed.length === 0 && !enable) return { kind: "nothing", id };
  return { kind: "update", id, added, removed, enable };
}

/** A slash at the end and capitals in the host make no other address. */
function sameUrl(a: string, b: string): boolean {
  return normal(a) === normal(b);
}

function normal(url: string): string {
  return URL.canParse(url) ? new URL(url).href.replace(/\/$/, "") : url;
}
