/** Webhook endpoints. https://docs.stripe.com/api/webhook_endpoints */
import { type Form, type FormValue, listOf } from "./form.ts";
import { invalid, isProblem, missing, type Problem } from "./problem.ts";

const KEY = "endpoints";
const DEFAULT_LIMIT = "10";
const MAX_LIMIT = 100;

export interface Endpoint {
  readonly id: string;
  readonly object: "webhook_endpoint";
  readonly api_version: string | null;
  readonly application: null;
  readonly created: number;
  readonly description: string | null;
  readonly enabled_events: readonly string[];
  readonly livemode: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: "enabled" | "disabled";
  readonly url: string;
  /** In the answer to the creation alone. */
  readonly secret?: string;
}

/** The few that there are, under one key, newest first. */
export class EndpointStore {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  create(form: Form, nowMs: number): Endpoint | Problem {
    const { url, api_version, description } = form;
    const enabled_events = listOf(form["enabled_events"]);
    if (typeof url !== "string" || !URL.canParse(url)) return invalid("url", "not a URL");
    if (enabled_events.length === 0) return invalid("enabled_events", "missing");
    const endpoint: Endpoint = {
      id: `we_${crypto.randomUUID().replaceAll("-", "")}`,
      object: "webhook_endpoint",
      api_version: typeof api_version === "string" ? api_version : null,
      application: null,
      created: Math.floor(nowMs / 1_000),
      description: typeof description === "string" ? description : null,
      enabled_events,
      livemode: false,
      metadata: textsOf(form["metadata"]),
      status: "enabled",
      url,
    };
    this.#kv.put(KEY, [endpoint, ...this.#all()]);
    return { ...endpoint, secret: `whsec_${crypto.randomUUID().replaceAll("-", "")}` };
  }

  /** What is left out stays. The version never changes: Stripe has no way to. */
  update(id: string, form: Form): Endpoint | Problem {
    const found = this.find(id);
    if (isProblem(found)) return found;
    if (form["api_version"] !== undefined) return invalid("api_version", "cannot be changed");
    const { url, description, disabled } = form;
    const events = listOf(form["enabled_events"]);
    const endpoint: Endpoint = {
      ...found,
      ...(typeof url === "string" && { url }),
      ...(typeof description === "string" && { description }),
      ...(events.length > 0 && { enabled_events: events }),
      ...(disabled !== undefined && { status: disabled === "true" ? "disabled" : "enabled" }),
      metadata: { ...found.metadata, ...textsOf(form["metadata"]) },
    };
    this.#kv.put(
      KEY,
      this.#all().map((one) => (one.id === id ? endpoint : one)),
    );
    return endpoint;
  }

  find(id: string): Endpoint | Problem {
    const found = this.#all().find((endpoint) => endpoint.id === id);
    return found ?? missing(404, `webhook endpoint: '${id}'`, "webhook_endpoint");
  }

  list({ limit: asked = DEFAULT_LIMIT, starting_after: after }: Form): unknown {
    const limit = Math.min(Number(asked), MAX_LIMIT);
    const all = this.#all();
    const rest = all.slice(all.findIndex(({ id }) => id === after) + 1);
    const data = rest.slice(0, limit);
    return { object: "list", url: "/v1/webhook_endpoints", has_more: rest.length > limit, data };
  }

  remove(id: string): unknown {
    const found = this.find(id);
    if (isProblem(found)) return found;
    this.#kv.put(
      KEY,
      this.#all().filter((endpoint) => endpoint.id !== id),
    );
    return { id, object: "webhook_endpoint", deleted: true };
  }

  clear(): void {
    this.#kv.delete(KEY);
  }

  #all(): readonly Endpoint[] {
    return this.#kv.get<Endpoint[]>(KEY) ?? [];
  }
}

function textsOf(value: FormValue | undefined): Record<string, string> {
  if (typeof value !== "object") return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])),
  );
}
