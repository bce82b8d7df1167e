/**
 * What each answer of the ledger means: the table in docs/contracts.md.
 *
 * Pure: no I/O, no clock. A status alone is never believed about money that arrived: a proxy, a parked domain
 * and a captive portal all answer 200. Of a body only an id and a code are taken; no other text of the ledger
 * goes further.
 */
import { z } from "zod";
import { retryAfterMs } from "../retry-after.ts";
import type { AccountLookup, LedgerOutcome, LedgerRefusal, SettlementLookup, UnknownWhy } from "./port.ts";

export interface LedgerAnswer {
  readonly status: number;
  /** null: the answer broke off, or was longer than anybody would read. */
  readonly body: string | null;
  /** The header `Retry-After` as it came. */
  readonly retryAfter: string | null;
  /** When the answer came, for a `Retry-After` that names a date. */
  readonly nowMs: number;
}

/** Refused for now. Anything at 500 and above, and redirects, are in no list: they always heal. */
const HEALING_STATUSES: ReadonlySet<number> = new Set([401, 403, 404, 408, 425, 429]);
/** Statuses that heal with this code, and are permanent with any other. */
const HEALING_CODES: ReadonlyMap<number, string> = new Map([
  [409, "CONCURRENT_INGESTION_CONFLICT"],
  [422, "INSUFFICIENT_FUNDS"],
]);
const LEDGER_CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
/** Ids are kept in a record that must stay small. */
const ID_MAX_LENGTH = 255;

export const id = z.string().min(1).max(ID_MAX_LENGTH);
export const eventId = id.nullish().transform((value) => value ?? null);
const ingested = z.object({
  settlement: z.object({ id, latest_event_id: eventId }),
  event: z.object({ id: eventId }).nullish(),
});
const held = z.object({
  id,
  account_id: id,
  amount_minor: z.string().regex(/^[0-9]{1,40}$/),
  currency: id,
  status: id,
  direction: z.string().optional(),
  latest_event_id: eventId,
  metadata: z.object({ stripe_released_minor: z.string().optional() }).nullish().catch(null),
});
const heldList = z.object({ settlements: z.array(held) });
const account = z.object({ id });
const errorBody = z.object({ error: z.string(), code: z.string().regex(LEDGER_CODE) });

/** What the answer to an ingest means. */
export function outcomeOfAnswer(answer: LedgerAnswer): LedgerOutcome {
  if (!isSuccess(answer.status)) return refusalOf(answer);
  if (answer.body === null) return unknown("answer_cut_off", answer.status);
  const body = ingested.safeParse(parseJson(answer.body));
  if (!body.success) return unknown("answer_not_the_ledgers", answer.status);
  const { settlement, event } = body.data;
  const ledger_event_id = event?.id ?? settlement.latest_event_id;
  return { kind: "accepted", ledger_status: answer.status, settlement_id: settlement.id, ledger_event_id };
}

/** What the ledger holds of one natural key. Two of them mean that the question was not understood. */
export function settlementOfAnswer(answer: LedgerAnswer, direction: string): SettlementLookup {
  if (isNotFound(answer)) return { kind: "absent" };
  if (!isSuccess(answer.status)) return refusalOf(answer);
  if (answer.body === null) return unknown("answer_cut_off", answer.status);
  const body = heldList.safeParse(parseJson(answer.body));
  if (!body.success) return unknown("answer_not_the_ledgers", answer.status);
  const asked = body.data.settlements.filter((each) => (each.direction ?? direction) === direction);
  const [settlement] = asked;
  if (settlement === undefined) return { kind: "absent" };
  if (asked.length > 1) return unknown("answer_not_the_ledgers", answer.status);
  const { direction: _, metadata, ...found } = settlement;
  const released_minor = metadata?.stripe_released_minor ?? null;
  return { kind: "found", settlement: { ...found, released_minor } };
}

/** Whether the ledger has the account. One of another id means that the question was not understood. */
export function accountOfAnswer(answer: LedgerAnswer, accountId: string): AccountLookup {
  if (isNotFound(answer)) return { kind: "absent" };
  if (!isSuccess(answer.status)) return refusalOf(answer);
  if (answer.body === null) return unknown("answer_cut_off", answer.status);
  const body = account.safeParse(parseJson(answer.body));
  return body.success && body.data.id === accountId
    ? { kind: "found" }
    : unknown("answer_not_the_ledgers", answer.status);
}

export function refusalOf(answer: LedgerAnswer): LedgerRefusal {
  const { status } = answer;
  if (!(Number.isInteger(status) && status >= 300 && status <= 599)) {
    return unknown("answer_not_the_ledgers", Number.isInteger(status) ? status : null);
  }
  const ledger_code = codeOf(answer.body);
  const retry_after_ms = retryAfterMs(answer.retryAfter, answer.nowMs);
  if (status >= 400 && status < 500) {
    // A firewall's page, or a wrong host's: an hour of them must not leave every event to an operator.
    if (ledger_code === null) {
      const why = breaksOff(answer.body) ? "answer_cut_off" : "answer_not_the_ledgers";
      return { ...unknown(why, status), ...(retry_after_ms !== null && { retry_after_ms }) };
    }
    const heals = HEALING_STATUSES.has(status) || HEALING_CODES.get(status) === ledger_code;
    if (!heals) return { kind: "rejected", ledger_status: status, ledger_code };
  }
  return { kind: "unavailable", ledger_status: status, ledger_code, retry_after_ms };
}

/** Only the ledger's own word counts: a wrong host has no settlements either. */
function isNotFound({ status, body }: LedgerAnswer): boolean {
  return status === 404 && codeOf(body) !== null;
}

export function isSuccess(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 299;
}

export function unknown(why: UnknownWhy, ledger_status: number | null): LedgerRefusal {
  return { kind: "unknown", why, ledger_status };
}

/** Not every way to lose the end of a body shows as an error: HTTP/1.0 and some decompressors just stop. */
function breaksOff(body: string | null): boolean {
  return body === null || (body.trimStart().startsWith("{") && parseJson(body) === undefined);
}

function codeOf(body: string | null): string | null {
  const parsed = errorBody.safeParse(body === null ? undefined : parseJson(body));
  return parsed.success ? parsed.data.code : null;
}

/** undefined for what is not JSON, which no schema here accepts. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
