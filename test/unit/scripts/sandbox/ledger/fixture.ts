/** Builders for the tests of the sandbox ledger. */
import { DatabaseSync } from "node:sqlite";
import type { IngestBody } from "../../../../../scripts/sandbox/ledger/contract.ts";
import type { IngestRequest } from "../../../../../scripts/sandbox/ledger/rules.ts";

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

/** A request whose fingerprint is its own text: no two bodies share one. */
export function request(key: string, content: unknown, freshId = `stl_${key}`): IngestRequest {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  return { idempotency_key: key, body: text, fingerprint: text, now: NOW, fresh_id: freshId };
}

/** The part of a Durable Object's SQL that the stores use, over Node's own SQLite. */
export function nodeSql(): SqlStorage {
  const db = new DatabaseSync(":memory:");
  const exec = (query: string, ...params: (string | number | null)[]) => {
    if (/^\s*SELECT|RETURNING/.test(query)) return cursor(db.prepare(query).all(...params), 0);
    if (params.length > 0) return cursor([], Number(db.prepare(query).run(...params).changes));
    db.exec(query);
    return cursor([], 0);
  };
  return { exec } as unknown as SqlStorage;
}

function cursor(rows: unknown[], rowsWritten: number) {
  return { toArray: () => rows, one: () => rows[0], rowsWritten };
}
