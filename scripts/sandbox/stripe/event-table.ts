/**
 * `GET /v1/events`: Stripe's list of each account, newest first, over a table.
 * https://docs.stripe.com/api/events/list
 */
import { z } from "zod";
import { type Form, listOf } from "./form.ts";
import { invalid, missing } from "./problem.ts";

const LISTED_SECONDS = 30 * 86_400;
const MAX_TYPES = 20;
const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, created INTEGER NOT NULL,
    listed_from_ms INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_by_time ON events (created, seq);
`;

/**
 * As Stripe would send it; what else it holds is kept as it is. `account`:
 * the connected account that it is of.
 */
export const eventSchema = z.looseObject({
  id: z.string().min(1),
  account: z.string().min(1).optional(),
  type: z.string().min(1),
  created: z.int().nonnegative(),
});
export type SandboxEvent = z.infer<typeof eventSchema>;

const OF_ACCOUNT = "COALESCE(json_extract(body, '$.account'), '') = ?";

/** `account`: the connected account that is asked as, or "" for the platform's own. */
export class EventTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  /** One that is known already stays as it was. */
  add(events: readonly SandboxEvent[], listedFromMs: number): void {
    for (const event of events) {
      this.#sql.exec(
        "INSERT OR IGNORE INTO events (id, type, created, listed_from_ms, body) VALUES (?, ?, ?, ?, ?)",
        event.id,
        event.type,
        event.created,
        listedFromMs,
        JSON.stringify(event),
      );
    }
  }

  find(id: string, account: string): unknown {
    const select = `SELECT body FROM events WHERE id = ? AND ${OF_ACCOUNT}`;
    const row = this.#sql.exec<{ body: string }>(select, id, account).toArray()[0];
    return row === undefined ? missing(404, `event: '${id}'`, "id") : JSON.parse(row.body);
  }

  list(query: Form, account: string, nowMs: number): unknown {
    const wanted = this.#read(query, account, nowMs);
    if ("status" in wanted) return wanted;
    const { limit, conditions, params, isBackwards } = wanted;
    const order = isBackwards ? "ASC" : "DESC";
    const rows = this.#sql
      .exec<{ body: string }>(
        `SELECT body FROM events WHERE ${conditions.join(" AND ")}
        ORDER BY created ${order}, seq ${order} LIMIT ?`,
        ...params,
        limit + 1,
      )
      .toArray()
      .map(({ body }) => JSON.parse(body) as unknown);
    const page = rows.slice(0, limit);
    if (isBackwards) page.reverse();
    return { object: "list", url: "/v1/events", has_more: rows.length > limit, data: page };
  }

  clear(): void {
    this.#sql.exec("DELETE FROM events");
  }

  #read(query: Form, account: string, nowMs: number) {
    const limit = numberOf(query["limit"] ?? String(DEFAULT_LIMIT));
    if (limit === null || limit < 1 || limit > MAX_LIMIT) return invalid("limit", "1 to 100");
    const conditions = ["created >= ?", "listed_from_ms <= ?", OF_ACCOUNT];
    const params: (string | number)[] = [Math.floor(nowMs / 1_000) - LISTED_SECONDS, nowMs, account];

    const { type, types } = query;
    const wanted = [...listOf(type), ...listOf(types)];
    if (type !== undefined && types !== undefined) return invalid("types", "not together with type");
    if (wanted.length > MAX_TYPES) return invalid("types", `at most ${MAX_TYPES}`);
    if (wanted.length > 0) {
      conditions.push(`type IN (${wanted.map(() => "?").join(", ")})`);
      params.push(...wanted);
    }
    for (const [operator, sql] of Object.entries({ gt: ">", gte: ">=", lt: "<", lte: "<=" })) {
      const { created } = query;
      const bound = typeof created === "object" ? created[operator] : undefined;
      if (bound === undefined) continue;
      const seconds = numberOf(bound);
      if (seconds === null) return invalid(`created[${operator}]`, "not a number");
      conditions.push(`created ${sql} ?`);
      params.push(seconds);
    }
    return this.#fromCursor(query, account, { limit, conditions, params });
  }

  #fromCursor<T extends { conditions: string[]; params: (string | number)[] }>(
    query: Form,
    account: string,
    found: T,
  ) {
    for (const [name, sql] of [
      ["starting_after", "<"],
      ["ending_before", ">"],
    ] as const) {
      const id = query[name];
      if (id === undefined) continue;
      const [at] = this.#sql
        .exec<{ created: number; seq: number }>(
          `SELECT created, seq FROM events WHERE id = ? AND ${OF_ACCOUNT}`,
          String(id),
          account,
        )
        .toArray();
      if (at === undefined) return missing(400, `event: '${String(id)}'`, name);
      found.conditions.push(`(created, seq) ${sql} (?, ?)`);
      found.params.push(at.created, at.seq);
    }
    return { ...found, isBackwards: query["ending_before"] !== undefined };
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === "string" && /^\d{1,12}$/.test(value) ? Number(value) : null;
}
