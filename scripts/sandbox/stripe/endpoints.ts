/** Webhook endpoints. https://docs.stripe.com/api/webhook_endpoints */
import { type Form, type FormValue, listOf } from "./form.ts";
import { invalid, missing, type Problem } from "./problem.ts";

const SCHEMA = `CREATE TABLE IF NOT EXISTS endpoints (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
) STRICT`;
const DEFAULT_LIMIT = 10;
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

export class EndpointTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
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
    this.#sql.exec("INSERT INTO endpoints (id, body) VALUES (?, ?)", endpoint.id, JSON.stringify(endpoint));
    return { ...endpoint, secret: `whsec_${crypto.randomUUID().replaceAll("-", "")}` };
  }

  /** What is left out stays. The version never changes: Stripe has no way to. */
  update(id: string, form: Form): Endpoint | Problem {
    const found = this.find(id);
    if ("status" in found && "message" in found) return found;
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
    this.#sql.exec("UPDATE endpoints SET body = ? WHERE id = ?", JSON.stringify(endpoint), id);
    return endpoint;
  }

  find(id: string): Endpoint | Problem {
    const [row] = this.#sql.exec<{ body: string }>("SELECT body FROM endpoints WHERE id = ?", id).toArray();
    return row === undefined
      ? missing(404, `webhook endpoint: '${id}'`, "webhook_endpoint")
      : (JSON.parse(row.body) as Endpoint);
  }

  /** Newest first. */
  list(query: Form): unknown {
    const limit = Math.min(Number(query["limit"] ?? DEFAULT_LIMIT), MAX_LIMIT);
    const all = this.#sql
      .exec<{ body: string }>("SELECT body FROM endpoints ORDER BY seq DESC")
      .toArray()
      .map(({ body }) => JSON.parse(body) as Endpoint);
    const after = query["starting_after"];
    const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
    const rest = all.slice(from);
    return {
      object: "list",
      url: "/v1/webhook_endpoints",
      has_more: rest.length > limit,
      data: rest.slice(0, limit),
    };
  }

  remove(id: string): unknown {
    const found = this.find(id);
    if ("status" in found && "message" in found) return found;
    this.#sql.exec("DELETE FROM endpoints WHERE id = ?", id);
    return { id, object: "webhook_endpoint", deleted: true };
  }

  clear(): void {
    this.#sql.exec("DELETE FROM endpoints");
  }
}

function textsOf(value: FormValue | undefined): Record<string, string> {
  if (typeof value !== "object") return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])),
  );
}
