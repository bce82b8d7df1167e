/**
 * A listed event that is over, and with which nothing is wrong: by its row in the index, and by
 * what was walked of the ledger. Pure.
 *
 * The event's object publishes its row after it has committed the state, and a final state stays. Still the
 * row alone proves nothing: money counts as settled only if the ledger lists the very settlement that
 * Stripe's event means. Whatever is missing, or differs, is asked of the object and of the ledger themselves:
 * so the index can cost a question, but hide nothing.
 */
import { type HeldSettlement, moneyOf } from "./compare.ts";
import type { Finding } from "./findings.ts";
import type { FinalSummary, KnownEvent, Listed } from "./evidence.ts";
import { actFor, judge } from "./judge.ts";
import type { Bounds } from "./window.ts";

export interface Walked {
  readonly summary: FinalSummary;
  /** The ledger's, under the key of the event's money. */
  readonly held: HeldSettlement | null;
}

/** What `judge` would find; null: the object must be asked. */
export function judgeBySummary(
  listed: Listed,
  { summary, held }: Walked,
  { bounds, now }: { readonly bounds: Bounds; readonly now: number },
): Finding | null {
  const event = finalEvent(listed, summary);
  if (event === null) return null;
  const inspection = { kind: "known", event } as const;
  if (actFor(listed, inspection, bounds, now) !== null) return null;
  const ledger = held === null ? null : ({ kind: "found", settlement: held } as const);
  const finding = judge({ listed, inspection, act: null, ledger, bounds });
  return finding.differences.every(({ kind }) => kind === "ignored") ? finding : null;
}

/**
 * The row has neither direction nor status: they are those that Stripe's event means, and the ledger's
 * settlement must have them too. Should the record say otherwise, by an older mapping, the ledger is right
 * all the same.
 */
function finalEvent({ mapping }: Listed, summary: FinalSummary): KnownEvent | null {
  const { state, reason, attempts, payment_id, account_id, amount_minor, currency } = summary;
  const event = {
    reason,
    attempts,
    next_retry_at: null,
    alarm_at: null,
    last_error: null,
    evidence: { signing_secret: "" },
  };
  if (state === "ignored") return { ...event, state, settlement: null };
  const money = moneyOf(mapping);
  if (money === null || payment_id !== money.external_payment_id) return null;
  if (account_id === null || amount_minor === null || currency === null) return null;
  const settlement = { ...money, account_id, amount_minor, currency };
  return { ...event, state, settlement };
}
