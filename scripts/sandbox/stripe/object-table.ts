/** Stripe's objects but events and endpoints, as raw JSON: one by its id, or a list, newest first. */
import { z } from "zod";
import { type ObjectKind, readListQuery, readObjectQuery } from "./object-kinds.ts";
import { isProblem, missing } from "./problem.ts";

/**
 * `payment`: the intent that a session or an invoice payment belongs to. The
 * rest of what is filtered is not indexed.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, id TEXT NOT NULL, object TEXT NOT NULL,
    created INTEGER NOT NULL, payment TEXT, body TEXT NOT NULL, UNIQUE (account, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS objects_by_time ON objects (account, object, created, seq);
  CREATE INDEX IF NOT EXISTS objects_by_payment ON objects (account, payment);
`;

/**
 * As Stripe would answer it, references expanded or not. `_account`: the
 * connected account that it belongs to.
 */
export const objectSchema = z.looseObject({
  id: z.string().min(1),
  object: z.string().min(1),
  _account: z.string().min(1).optional(),
});
export type SandboxObject = z.infer<typeof objectSchema>;

type Fields = Record<string, unknown>;

export class ObjectTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  /** One that is known already is replaced. */
  add(objects: readonly SandboxObject[]): void {
    for (const { _account: account = "", ...object } of objects) {
      const { created } = object as Fields;
      this.#sql.exec(
        `INSERT INTO objects (account, id, object, created, payment, body) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (account, id) DO UPDATE SET
          object = excluded.object, created = excluded.created, payment = excluded.payment, body = excluded.body`,
        account,
        object.id,
        object.object,
        Number.isInteger(created) ? created : 0,
        paymentOf(object),
        JSON.stringify(object),
      );
    }
  }

  find(kind: ObjectKind, id: string, query: string, account: string): unknown {
    const expand = readObjectQuery(kind, query);
    if (isProblem(expand)) return expand;
    const body = this.#bodyOf(account, id);
    if (body?.["object"] !== kind.object) return missing(404, `${kind.object}: '${id}'`, "id");
    return this.#shown(kind, body, expand, account);
  }

  list(path: string, kind: ObjectKind, query: string, account: string): unknown {
    const wanted = readListQuery(kind, query);
    if (isProblem(wanted)) return wanted;
    const { limit, startingAfter, expand } = wanted;
    const conditions = [
      "account = ?",
      "object = ?",
      "json_extract(body, '$.deleted') IS NULL",
      ...wanted.conditions,
    ];
    const params: (string | number)[] = [account, kind.object, ...wanted.params];
    if (startingAfter !== null) {
      const cursor = "SELECT created, seq FROM objects WHERE account = ? AND object = ? AND id = ?";
      const [from] = this.#sql
        .exec<{ created: number; seq: number }>(cursor, account, kind.object, startingAfter)
        .toArray();
      if (from === undefined) return missing(400, `${kind.object}: '${startingAfter}'`, "starting_after");
      conditions.push("(created, seq) < (?, ?)");
      params.push(from.created, from.seq);
    }
    const select = `SELECT body FROM objects WHERE ${conditions.join(" AND ")} ORDER BY created DESC, seq DESC LIMIT ?`;
    const rows = this.#sql.exec<{ body: string }>(select, ...params, limit + 1).toArray();
    const page = rows.slice(0, limit).map(({ body }) => JSON.parse(body) as Fields);
    return {
      object: "list",
      url: `/v1/${path}`,
      has_more: rows.length > limit,
      data: page.map((body) => this.#shown(kind, body, expand, account)),
    };
  }

  /** What the account's balance transactions come to. */
  netSums(account: string): { currency: string; net: number }[] {
    const select = `SELECT json_extract(body, '$.currency') AS currency, SUM(json_extract(body, '$.net')) AS net
      FROM objects WHERE account = ? AND object = 'balance_transaction' GROUP BY 1 ORDER BY 1`;
    return this.#sql.exec<{ currency: string; net: number }>(select, account).toArray();
  }

  clear(): void {
    this.#sql.exec("DELETE FROM objects");
  }

  #bodyOf(account: string, id: string): Fields | null {
    const select = "SELECT body FROM objects WHERE account = ? AND id = ?";
    const [row] = this.#sql.exec<{ body: string }>(select, account, id).toArray();
    return row === undefined ? null : (JSON.parse(row.body) as Fields);
  }

  /**
   * References as ids, and those to expand as objects: the one inside, or else
   * the one of that id, if there is one.
   */
  #shown(kind: ObjectKind, body: Fields, expand: readonly string[], account: string): Fields {
    for (const reference of kind.references) {
      const path = reference.split(".");
      const field = path.pop() ?? "";
      const holder = path.reduce<unknown>((value, key) => (isFields(value) ? value[key] : undefined), body);
      if (!isFields(holder)) continue;
      const value = holder[field];
      if (!expand.includes(reference)) {
        if (isFields(value)) holder[field] = value["id"];
      } else if (typeof value === "string") {
        holder[field] = this.#bodyOf(account, value) ?? value;
      }
    }
    return body;
  }
}

function paymentOf(object: Fields): string | null {
  const { payment_intent = isFields(object["payment"]) ? object["payment"]["payment_intent"] : null } =
    object;
  const id = isFields(payment_intent) ? payment_intent["id"] : payment_intent;
  return typeof id === "string" ? id : null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
