/**
 * What an ingest does to the ledger's books.
 *
 * Pure but for the store it is given: no platform, no I/O, no clock, no randomness. Every check comes before the
 * first write, so a refusal leaves the store as it was. The caller makes one call atomic (one transaction, or one
 * synchronous turn).
 */
import {
  idempotencyKeySchema,
  ingestSchema,
  refuse,
  type Accepted,
  type Answer,
  type IngestBody,
  type Refusal,
  type Settlement,
  type Status,
} from "./contract.ts";

/** One line of the books. Entries are only ever added; a balance is their sum per account and currency. */
export interface JournalEntry {
  readonly account_id: string;
  readonly currency: string;
  readonly settlement_id: string;
  /** With the settlement's id this is unique: no settlement has one effect twice. */
  readonly cause: "payin.confirmed" | "payin.reversed" | "refund.confirmed";
  /** Signed, in minor units. */
  readonly delta_minor: bigint;
  readonly at: string;
}

export type NaturalKey = Pick<IngestBody, "provider" | "external_payment_id" | "direction">;

/** A first answer, kept for replays of its idempotency key. */
export interface Remembered {
  readonly fingerprint: string;
  readonly body: Accepted;
}

/** What the rules need of a store. Synchronous, so that nothing can come between a check and its write. */
export interface LedgerStore {
  hasAccount(accountId: string): boolean;
  findSettlement(key: NaturalKey): Settlement | undefined;
  putSettlement(settlement: Settlement): void;
  /** The sum of the journal for one account and currency; 0 without entries. */
  balance(accountId: string, currency: string): bigint;
  appendEntry(entry: JournalEntry): void;
  findAnswer(idempotencyKey: string): Remembered | undefined;
  rememberAnswer(idempotencyKey: string, answer: Remembered): void;
}

export interface IngestRequest {
  readonly idempotency_key: string;
  /** The body as it came. */
  readonly body: string;
  /** A digest over all bytes of the body, metadata and times included. */
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly now: string;
  /** The id of the settlement, should this request create one. */
  readonly fresh_id: string;
}

const NEXT: Readonly<Record<Status, readonly Status[]>> = {
  pending: ["confirmed", "failed", "reversed"],
  confirmed: ["reversed"],
  failed: [],
  reversed: [],
};

const IMMUTABLE = ["account_id", "amount_minor", "currency"] as const;

/** Takes or refuses one ingest. */
export function ingest(store: LedgerStore, request: IngestRequest): Answer {
  const parsed = parse(request);
  if ("code" in parsed) return refuse(parsed);

  const first = store.findAnswer(request.idempotency_key);
  if (first !== undefined) return replay(first, request);

  const known = store.findSettlement(parsed.body);
  const refusal = check(store, parsed.body, known);
  if (refusal !== null) return refuse(refusal);

  const body = apply(store, parsed.body, known, request);
  // Only what was taken is remembered. A remembered 404 or 422 could never heal: the account may be opened, and the
  // funds may arrive, before the sender tries the same key again.
  store.rememberAnswer(request.idempotency_key, { fingerprint: request.fingerprint, body });
  return { status: known === undefined ? 201 : 200, body };
}

function parse(request: IngestRequest): { readonly body: IngestBody } | Refusal {
  if (!idempotencyKeySchema.safeParse(request.idempotency_key).success) {
    return { code: "INVALID_REQUEST", why: "Idempotency-Key is missing or too long" };
  }
  let json: unknown;
  try {
    json = JSON.parse(request.body);
  } catch {
    return { code: "INVALID_REQUEST", why: "the body is not JSON" };
  }
  const checked = ingestSchema.safeParse(json);
  if (checked.success) return { body: checked.data };
  const issue = checked.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? "body" : issue.path.join(".");
  return { code: "INVALID_REQUEST", why: `${field}: ${issue?.message ?? "malformed"}` };
}

/** The first answer again, with 200 even where it was 201: nothing is created now. */
function replay(first: Remembered, request: IngestRequest): Answer {
  if (first.fingerprint !== request.fingerprint) {
    return refuse({ code: "IDEMPOTENCY_KEY_REUSED", key: request.idempotency_key });
  }
  const idempotency = { ...first.body.idempotency, replayed: true };
  return { status: 200, body: { ...first.body, idempotency } };
}

/**
 * A conflict comes before a missing account: it can never heal, while a sender may wait for an account for ever.
 */
function check(store: LedgerStore, body: IngestBody, known: Settlement | undefined): Refusal | null {
  if (known !== undefined) {
    const field = IMMUTABLE.find((name) => known[name] !== body[name]);
    if (field !== undefined) return { code: "DUPLICATE_CONFLICT", field };
    if (known.status === body.status) return null;
    if (!NEXT[known.status].includes(body.status)) {
      return { code: "INVALID_STATUS_TRANSITION", from: known.status, to: body.status };
    }
  }
  if (!store.hasAccount(body.account_id)) return { code: "NOT_FOUND", account_id: body.account_id };

  const effect = effectOf(body);
  if (effect === null || effect.delta_minor > 0n) return null;
  const available = store.balance(body.account_id, body.currency);
  if (available + effect.delta_minor >= 0n) return null;
  return { code: "INSUFFICIENT_FUNDS", available: available.toString(), needed: body.amount_minor };
}

function apply(
  store: LedgerStore,
  body: IngestBody,
  known: Settlement | undefined,
  request: IngestRequest,
): Accepted {
  const key = request.idempotency_key;
  if (known !== undefined && known.status === body.status) {
    return { settlement: known, idempotency: { key, replayed: false, deduped: true } };
  }
  const settlement: Settlement = {
    id: known?.id ?? request.fresh_id,
    ...body,
    created_at: known?.created_at ?? request.now,
    updated_at: request.now,
  };
  store.putSettlement(settlement);

  const accepted: Accepted = { settlement, idempotency: { key, replayed: false, deduped: false } };
  const effect = effectOf(body);
  if (effect === null) return accepted;
  const { account_id, currency } = body;
  store.appendEntry({ account_id, currency, settlement_id: settlement.id, ...effect, at: request.now });
  return { ...accepted, event: { type: effect.cause, delta_minor: effect.delta_minor.toString() } };
}

/**
 * What reaching this status does to the account; null where the ledger only records.
 *
 * A reversed payin debits whether or not it was ever confirmed: the contract makes no exception for one that went
 * from pending, or came reversed. A reversed refund does not pay back, and payouts are made elsewhere.
 */
function effectOf(body: IngestBody): Pick<JournalEntry, "cause" | "delta_minor"> | null {
  const amount = BigInt(body.amount_minor);
  if (body.direction === "payin" && body.status === "confirmed") {
    return { cause: "payin.confirmed", delta_minor: amount };
  }
  if (body.direction === "payin" && body.status === "reversed") {
    return { cause: "payin.reversed", delta_minor: -amount };
  }
  if (body.direction === "refund" && body.status === "confirmed") {
    return { cause: "refund.confirmed", delta_minor: -amount };
  }
  return null;
}
