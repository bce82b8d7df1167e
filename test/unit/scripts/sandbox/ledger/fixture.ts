/** Builders for the tests of the sandbox ledger. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { IngestBody } from "../../../../../scripts/sandbox/ledger/contract.ts";
import type { IngestContext } from "../../../../../scripts/sandbox/ledger/ingest.ts";
import type { IngestRequest } from "../../../../../scripts/sandbox/ledger/request.ts";
import type { Account } from "../../../../../scripts/sandbox/ledger/store.ts";

export const ACCOUNT = "acc_1";
export const NOW = "2026-11-23T10:00:00.000Z";

export function body(changes: Partial<IngestBody> = {}): IngestBody {
  return {
    provider: "stripe",
    external_payment_id: "pi_1",
    direction: "payin",
    status: "confirmed",
    account_id: ACCOUNT,
    amount_minor: "1000",
    currency: "USD",
    network: "stripe",
    metadata: { stripe_event_id: "evt_1" },
    ...changes,
  };
}

export function account(id = ACCOUNT): Account {
  return { id, did: `did:example:${id}`, created_at: NOW };
}

export function request(key: string, content: unknown): IngestRequest {
  return { idempotency_key: key, body: typeof content === "string" ? content : JSON.stringify(content) };
}

/** Ids count up: `set_1`, `evt_2`, … */
export function context(changes: Partial<IngestContext> = {}): IngestContext {
  let ids = 0;
  const newId = (prefix: string) => `${prefix}_${++ids}`;
  return { now: () => NOW, newId, newHash: () => "00".repeat(32), oneBucket: false, ...changes };
}

/** The part of a Durable Object's SQL that the stores use, over Node's own SQLite. */
export function nodeSql(): SqlStorage {
  const db = new DatabaseSync(":memory:");
  const prepared = new Map<string, StatementSync>();
  const prepare = (query: string): StatementSync => {
    const statement = prepared.get(query) ?? db.prepare(query);
    prepared.set(query, statement);
    return statement;
  };
  const exec = (query: string, ...params: (string | number | null)[]) => {
    if (/^\s*SELECT|RETURNING/.test(query)) return cursor(prepare(query).all(...params), 0);
    if (params.length > 0) return cursor([], Number(prepare(query).run(...params).changes));
    db.exec(query);
    return cursor([], 0);
  };
  return { exec } as unknown as SqlStorage;
}

function cursor(rows: unknown[], rowsWritten: number) {
  return { toArray: () => rows, one: () => rows[0], rowsWritten };
}
