/** Answers of a ledger, as a client would report them. */
import type { LedgerAnswer } from "../../../../src/ledger/outcome.ts";

export const NOW = Date.UTC(2026, 10, 17, 12, 0, 0);
export const DAY_MS = 24 * 3600 * 1000;
export const SETTLED = JSON.stringify({
  settlement: { id: "stl_1", status: "confirmed", account_id: "acc_1" },
  idempotency: { key: "stripe:event:evt_1", replayed: false, deduped: false },
});

export function answer(given: Partial<LedgerAnswer>): LedgerAnswer {
  return { status: 200, body: "", retryAfter: null, nowMs: NOW, ...given };
}

export function error(code: string): string {
  return JSON.stringify({ error: "a text that nobody may see", code, request_id: "req_1" });
}
