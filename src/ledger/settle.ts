/**
 * One turn at the ledger: send a settlement, and have its effect proven.
 *
 * The ledger works statement by statement, without a transaction: a request that was cut off leaves the
 * settlement's row without its effect, and the same request again is then answered 2xx. So a 2xx alone is not
 * believed about money that moves: the ledger's own event is the proof, in the answer or, read back, in the
 * ledger's books.
 *
 * That proves the effect of *this* status only because no effectful status ever follows another one of the
 * same natural key (docs/ledger.md). Pure over its ports.
 */
import { type Settlement, thaw } from "../settlement/settlement.ts";
import type { Ledger, LedgerOutcome, LedgerReader, SettleOutcome } from "./port.ts";

export interface SettleRequest {
  /** The frozen settlement. */
  readonly payload: string;
  readonly idempotency_key: string;
  /**
   * An earlier answer proved no effect: read back, and send again only what the ledger does not hold at all.
   */
  readonly read_back: boolean;
}

/** Pairs for which the ledger makes an event. All others only record, and have nothing to prove. */
const EFFECTFUL: ReadonlySet<string> = new Set([
  "payin confirmed",
  "payin reversed",
  "refund confirmed",
  "payout confirmed",
]);

export function isEffectful({
  direction,
  status,
}: {
  readonly direction: string;
  readonly status: string;
}): boolean {
  return EFFECTFUL.has(`${direction} ${status}`);
}

/** `timeLeftMs` bounds the whole turn, however many requests it takes. */
export async function settle(
  ledger: LedgerReader & Pick<Ledger, "ingest">,
  { payload, idempotency_key, read_back }: SettleRequest,
  timeLeftMs: () => number,
): Promise<SettleOutcome> {
  const settlement = thaw(payload);
  if (read_back) {
    const found = await readBack(ledger, settlement, timeLeftMs());
    if (found !== "absent") return found;
  }
  const answer = await ledger.ingest(payload, idempotency_key, timeLeftMs());
  if (answer.kind === "rejected" && answer.ledger_code === "INVALID_STATUS_TRANSITION")
    return afterRefusedStatus(ledger, settlement, answer, timeLeftMs());
  if (answer.kind !== "accepted" || answer.ledger_event_id !== null || !isEffectful(settlement))
    return answer;
  const found = await readBack(ledger, settlement, timeLeftMs());
  if (found !== "absent" && (found.kind === "accepted" || found.kind === "unproven")) return found;
  const { ledger_status, settlement_id } = answer;
  return { kind: "unproven", ledger_status, settlement_id };
}

async function readBack(
  ledger: LedgerReader,
  ours: Settlement,
  timeLeftMs: number,
): Promise<LedgerOutcome | Extract<SettleOutcome, { kind: "unproven" }> | "absent"> {
  const found = await ledger.findSettlement(ours.external_payment_id, ours.direction, timeLeftMs);
  if (found.kind === "absent") return "absent";
  if (found.kind !== "found") return found;
  const { id: settlement_id, latest_event_id, ...held } = found.settlement;
  const isOurs =
    held.status === ours.status &&
    held.account_id === ours.account_id &&
    held.amount_minor === ours.amount_minor &&
    held.currency === ours.currency;
  return isOurs && latest_event_id !== null
    ? { kind: "accepted", ledger_status: READ, settlement_id, ledger_event_id: latest_event_id }
    : { kind: "unproven", ledger_status: READ, settlement_id };
}

/**
 * "paid" came after the "failed" that Stripe sent later: the ledger holds the payout as reversed, which is
 * right. While the ledger does not say how it holds it, nothing is decided.
 */
async function afterRefusedStatus(
  ledger: LedgerReader,
  { direction, status, external_payment_id }: Settlement,
  refusal: Extract<LedgerOutcome, { kind: "rejected" }>,
  timeLeftMs: number,
): Promise<SettleOutcome> {
  if (direction !== "payout" || status !== "confirmed") return refusal;
  const found = await ledger.findSettlement(external_payment_id, direction, timeLeftMs);
  if (found.kind === "absent") return refusal;
  if (found.kind !== "found") return found;
  const isReversed = found.settlement.status === "reversed";
  return isReversed ? { kind: "overtaken", ledger_status: refusal.ledger_status } : refusal;
}

/** The status of a look-up that found something. */
const READ = 200;
