/**
 * One ingest as the row of statements that the real ledger runs on its database, without a transaction.
 *
 * The statements are written once, as a generator that pauses after each of them, and run in two ways. Mode
 * `atomic` runs all of them in one turn, so that nothing comes in between. Mode `as-is` lets time pass at
 * each pause: other requests run there, and a process that dies there leaves behind what its statements did
 * so far.
 *
 * Pure but for the store and the context it is given: no platform, no I/O, no clock, no randomness.
 */
import {
  refuse,
  type Accepted,
  type Answer,
  type IngestBody,
  type Refusal,
  type Settlement,
  type Status,
} from "./contract.ts";
import { effectOf } from "./effect.ts";
import type { Statement } from "./statements.ts";
import { canonicalText, parseRequest, type IngestRequest } from "./request.ts";
import type { LedgerEvent, LedgerStore, StoredAnswer } from "./store.ts";

/** What an ingest needs beside the store. */
export interface IngestContext {
  /** ISO 8601. */
  readonly now: () => string;
  /** Unique, for a settlement (`set`) or a ledger event (`evt`). */
  readonly newId: (prefix: "set" | "evt") => string;
  /** 64 hex digits. The real ledger chains its events by such hashes; nothing here reads them. */
  readonly newHash: () => string;
  /** Funds of all currencies of an account count as one sum, as in the real ledger. */
  readonly oneBucket: boolean;
}

type Steps<T> = Generator<Statement, T, void>;

/** How often the ledger begins again after it lost a race for the settlement's row. */
const MAX_RACES = 6;

const NEXT: Readonly<Record<Status, readonly Status[]>> = {
  pending: ["confirmed", "failed", "reversed"],
  confirmed: ["reversed"],
  failed: [],
  reversed: [],
};

const IMMUTABLE = ["account_id", "amount_minor", "currency"] as const;

/** All statements in one turn. */
export function ingest(store: LedgerStore, request: IngestRequest, context: IngestContext): Answer {
  const steps = ingestSteps(store, request, context);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Pauses after each statement and names it. */
export function* ingestSteps(
  store: LedgerStore,
  request: IngestRequest,
  context: IngestContext,
): Steps<Answer> {
  const parsed = parseRequest(request);
  if ("code" in parsed) return refuse(parsed);
  const { body } = parsed;
  const fingerprint = canonicalText(body);

  const first = store.findAnswer(request.idempotency_key);
  yield "find_answer";
  if (first !== undefined) return replay(first, fingerprint);

  const hasAccount = store.findAccount(body.account_id) !== undefined;
  yield "find_account";
  if (!hasAccount) return refuse({ code: "NOT_FOUND", account_id: body.account_id });

  for (let race = 0; race < MAX_RACES; race++) {
    const claimed = yield* claim(store, body, context);
    if (claimed === "lost") continue;
    if ("code" in claimed) return refuse(claimed);
    const event = yield* settle(store, body, claimed, context);
    if (event !== null && "code" in event) return refuse(event);

    const settlement = store.settlement(claimed.settlement.id) ?? claimed.settlement;
    yield "read_settlement";
    const accepted: Accepted = {
      settlement,
      idempotency: { key: request.idempotency_key, replayed: false, deduped: claimed.change === "none" },
      ...(event && { event: shown(event) }),
    };
    const stored = store.insertAnswer(request.idempotency_key, { fingerprint, body: accepted });
    yield "insert_answer";
    if (stored === "settlement_gone") return refuse({ code: "PAYMENT_SETTLEMENT_INGEST_FAILED" });
    // Another request with this key was faster. It did all there was to do,
    // and its answer is the one that counts.
    if (stored !== "stored") return replay(stored, fingerprint);
    return { status: claimed.change === "none" ? 200 : 201, body: accepted };
  }
  return refuse({ code: "CONCURRENT_INGESTION_CONFLICT" });
}

/** The first answer again, as it was then: not even the settlement's status is read anew. */
function replay(first: StoredAnswer, fingerprint: string): Answer {
  if (first.fingerprint !== fingerprint) return refuse({ code: "IDEMPOTENCY_KEY_REUSED" });
  const idempotency = { ...first.body.idempotency, replayed: true };
  return { status: 200, body: { ...first.body, idempotency } };
}

interface Claimed {
  readonly settlement: Settlement;
  /** What this request did to the settlement's row. Whoever changed it makes the effect. */
  readonly change: "inserted" | "updated" | "none";
  readonly before?: Settlement;
}

/** Brings the settlement's row into the new status, or finds it there. */
function* claim(
  store: LedgerStore,
  body: IngestBody,
  { now, newId }: IngestContext,
): Steps<Claimed | Refusal | "lost"> {
  const at = now();
  const known = store.findSettlement(body);
  yield "find_settlement";
  if (known === undefined) {
    const settlement = { id: newId("set"), ...settledBody(body, at), created_at: at, updated_at: at };
    const inserted = store.insertSettlement(settlement);
    yield "insert_settlement";
    return inserted ? { settlement, change: "inserted" } : "lost";
  }
  if (IMMUTABLE.some((field) => known[field] !== body[field])) {
    const { external_payment_id, direction } = body;
    return { code: "DUPLICATE_CONFLICT", key: { external_payment_id, direction } };
  }
  if (known.status === body.status) return { settlement: known, change: "none" };
  if (!NEXT[known.status].includes(body.status)) {
    return { code: "INVALID_STATUS_TRANSITION", from: known.status, to: body.status };
  }
  const settlement = { ...known, ...settledBody({ ...known, ...body }, at), updated_at: at };
  const updated = store.updateSettlement(settlement, known.status);
  yield "update_status";
  return updated ? { settlement, change: "updated", before: known } : "lost";
}

/** A settlement whose money has moved has a time of settlement. */
function settledBody<T extends IngestBody>(body: T, at: string): T {
  const isSettled = body.status === "confirmed" || body.status === "reversed";
  return isSettled && body.settled_at === undefined ? { ...body, settled_at: at } : body;
}

/** Makes the effect of a changed row: the balance, the ledger event, and the event's id on the settlement. */
function* settle(
  store: LedgerStore,
  body: IngestBody,
  claimed: Claimed,
  { now, newId, newHash, oneBucket }: IngestContext,
): Steps<LedgerEvent | null | Refusal> {
  const effect = claimed.change === "none" ? null : effectOf(body);
  if (effect === null) return null;
  const { settlement } = claimed;
  const { event_type, delta_minor } = effect;
  const { account_id, currency } = body;
  if (delta_minor !== 0n) {
    const { available, version } = store.balance(account_id, oneBucket ? null : currency);
    yield "read_balance";
    if (available + delta_minor < 0n && delta_minor < 0n) {
      yield* undo(store, claimed, now());
      return {
        code: "INSUFFICIENT_FUNDS",
        account_id,
        requested: body.amount_minor,
        available: available.toString(),
      };
    }
    const entry = { account_id, currency, settlement_id: settlement.id, event_type, delta_minor, at: now() };
    // Nobody looks whether a row changed: where the version has moved on, this effect is lost.
    store.appendEntry(entry, version);
    yield "update_balance";
  }
  const event = {
    id: newId("evt"),
    settlement_id: settlement.id,
    event_type,
    event_hash: newHash(),
    created_at: now(),
  };
  store.insertEvent(event);
  yield "insert_event";
  store.setLatestEvent(settlement.id, event.id, now());
  yield "update_latest_event_id";
  return event;
}

/** Takes the row back that claimed a debit which the account cannot pay. */
function* undo(store: LedgerStore, { settlement, before }: Claimed, at: string): Steps<void> {
  if (before === undefined) {
    store.deleteSettlement(settlement.id, settlement.status);
    yield "delete_settlement";
  } else {
    store.updateSettlement({ ...before, updated_at: at }, settlement.status);
    yield "restore_status";
  }
}

function shown({ id, event_type, event_hash, created_at }: LedgerEvent): NonNullable<Accepted["event"]> {
  return { id, event_type, event_hash, created_at };
}
