/**
 * One ingest at the ledger, statement by statement, without a transaction, as the public ledger does it. Whoever runs it
 * may let time pass at each `yield`, or let the request die there: what was done before stays done.
 */
import { type IngestBody, ingestSchema } from "../../scripts/sandbox/ledger/contract.ts";
import type { Accepted, IdempotencyRecord, LedgerDatabase, Settlement } from "./ledger-database.ts";

export interface IngestRequest {
  readonly key: string;
  readonly payload: string;
}

export interface LedgerReply {
  readonly status: number;
  readonly body: object;
}

/** The statement that comes next. */
export type Statements<Result> = Generator<string, Result, void>;

const RACES_MAX = 6;

const TRANSITIONS: Readonly<Record<Settlement["status"], readonly Settlement["status"][]>> = {
  pending: ["confirmed", "failed", "reversed"],
  confirmed: ["reversed"],
  failed: [],
  reversed: [],
};

/** What reaching a status makes of one unit of the amount. A pair that is not here makes no event either. */
const EFFECTS: Readonly<Record<string, bigint>> = {
  "payin confirmed": 1n,
  "payin reversed": -1n,
  "refund confirmed": -1n,
  "payout confirmed": 0n,
};

/** Signed; null: no effect, and no event. */
export function effectOf({ direction, status, amount_minor }: IngestBody): bigint | null {
  const sign = EFFECTS[`${direction} ${status}`];
  return sign === undefined ? null : sign * BigInt(amount_minor);
}

export function* ingest(database: LedgerDatabase, request: IngestRequest): Statements<LedgerReply> {
  const parsed = ingestSchema.safeParse(JSON.parse(request.payload));
  if (!parsed.success) return refusal(400, "INVALID_REQUEST");
  const body = parsed.data;

  yield "read the idempotency record";
  const known = database.idempotencyRecord(request.key);
  if (known !== undefined) return replay(known, request);
  yield "read the account";
  if (database.balance(body.account_id) === undefined) return refusal(404, "NOT_FOUND");

  for (let race = 0; race < RACES_MAX; race++) {
    yield "read the settlement";
    const before = database.findSettlement(body.external_payment_id, body.direction);
    if (before !== undefined && differs(before, body)) return refusal(409, "DUPLICATE_CONFLICT");
    const isDuplicate = before?.status === body.status;
    if (before !== undefined && !isDuplicate && !TRANSITIONS[before.status].includes(body.status)) {
      return refusal(409, "INVALID_STATUS_TRANSITION");
    }
    const claimed = isDuplicate ? before : yield* claim(database, before, body);
    // Another request was quicker.
    if (claimed === undefined) continue;
    const effect = isDuplicate ? null : effectOf(body);
    const event = effect === null ? null : yield* applyEffect(database, { before, claimed, effect });
    if (event === "insufficient funds") return refusal(422, "INSUFFICIENT_FUNDS");
    yield "read the settlement again";
    const settlement = database.settlements.get(claimed.id) ?? claimed;
    return yield* record(database, request, {
      settlement,
      idempotency: { key: request.key, replayed: false, deduped: isDuplicate },
      ...(event !== null && { event: { id: event } }),
    });
  }
  return refusal(409, "CONCURRENT_INGESTION_CONFLICT");
}

/** The row in its final status, before anything has happened to the balance. */
function* claim(
  database: LedgerDatabase,
  before: Settlement | undefined,
  body: IngestBody,
): Statements<Settlement | undefined> {
  if (before === undefined) {
    yield "insert the settlement";
    return database.insertSettlement(body);
  }
  yield "update the status";
  return database.updateStatus(before.id, before.status, body);
}

interface Claimed {
  readonly before: Settlement | undefined;
  readonly claimed: Settlement;
  readonly effect: bigint;
}

/** Gives the id of the ledger's event. */
function* applyEffect(
  database: LedgerDatabase,
  { before, claimed, effect }: Claimed,
): Statements<string | "insufficient funds"> {
  if (effect !== 0n) {
    yield "read the balance";
    const balance = database.balance(claimed.account_id);
    if (balance === undefined) throw new Error(`the account ${claimed.account_id} is gone`);
    if (balance.minor + effect < 0n) {
      yield "undo the settlement";
      if (before === undefined) database.deleteSettlement(claimed.id, claimed.status);
      else database.updateStatus(claimed.id, claimed.status, before);
      return "insufficient funds";
    }
    yield "update the balance";
    database.updateBalance(claimed, balance, effect);
  }
  yield "insert the event";
  const event = database.freshId("lev");
  yield "update latest_event_id";
  database.updateLatestEventId(claimed.id, event);
  return event;
}

function* record(
  database: LedgerDatabase,
  request: IngestRequest,
  answer: Accepted,
): Statements<LedgerReply> {
  yield "insert the idempotency record";
  if (!database.insertIdempotencyRecord(request.key, { payload: request.payload, answer })) {
    yield "read the idempotency record";
    const raced = database.idempotencyRecord(request.key);
    return raced === undefined ? refusal(500, "PAYMENT_SETTLEMENT_INGEST_FAILED") : replay(raced, request);
  }
  yield "answer";
  return { status: answer.idempotency.deduped ? 200 : 201, body: answer };
}

/** The first answer as it was, whatever has happened since. */
function replay({ payload, answer }: IdempotencyRecord, request: IngestRequest): LedgerReply {
  if (payload !== request.payload) return refusal(409, "IDEMPOTENCY_KEY_REUSED");
  return { status: 200, body: { ...answer, idempotency: { ...answer.idempotency, replayed: true } } };
}

function differs(before: Settlement, body: IngestBody): boolean {
  return (["account_id", "amount_minor", "currency"] as const).some((field) => before[field] !== body[field]);
}

function refusal(status: number, code: string): LedgerReply {
  return { status, body: { error: "refused", code } };
}
