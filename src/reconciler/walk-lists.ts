/**
 * One page of the lists that a run walks beside Stripe's events: rows of the index, the ledger's settlements,
 * Stripe's balance transactions. Nothing is stored here but by the caller, in one turn with the position.
 */
import type { SettlementPage } from "../ledger/port.ts";
import { type At, type AuditPosition, START_OF_TRANSACTIONS } from "./audit-position.ts";
import { moneyOf } from "./judge-money.ts";
import { isInWindow } from "./judge-settlement.ts";
import { advance, entryOf, isNew } from "./list-position.ts";
import type { AuditOutcome, AuditPorts, Postponed } from "./ports.ts";
import type { Running } from "./run.ts";
import { createdRange } from "./window.ts";
import { withoutPage } from "./without-page.ts";

const PAGE_TRANSACTIONS = 100;
/** The ledger's clock, or ours, may be behind Stripe's. */
const CLOCK_MARGIN_MS = 300_000;

const NOTHING = { summaries: [], transactions: [], settlements: [], judgements: [], backed: [] } as const;

/**
 * Those of events that are over. An index out of reach is no reason to
 * wait: then the events' objects are asked.
 */
export async function walkSummaries(
  run: Running,
  { before }: At<"summaries">,
  ports: AuditPorts,
): Promise<AuditOutcome> {
  const page = await ports.listSummaries(run.from - CLOCK_MARGIN_MS, before);
  const next: AuditPosition =
    page === null || page.next === null
      ? { phase: "settlements", cursor: null }
      : { phase: "summaries", before: page.next };
  return { ...audited(next), summaries: page?.summaries ?? [] };
}

export async function walkTransactions(
  run: Running,
  { position }: At<"transactions">,
  ports: AuditPorts,
): Promise<AuditOutcome> {
  const { gte, lt } = createdRange(run);
  const answer = await ports.money.listTransactions({
    createdGte: gte,
    createdLt: Math.min(position.created_lt ?? lt, lt),
    startingAfter: position.starting_after,
    limit: PAGE_TRANSACTIONS,
  });
  if (answer.kind !== "page") {
    const outcome = withoutPage(answer, position, ports.now());
    return outcome.kind === "reposition"
      ? audited({ phase: "transactions", position: outcome.position })
      : outcome;
  }
  const entries = answer.items.flatMap((item) => entryOf(item) ?? []);
  const listed = answer.items.flatMap((item) => moneyOf(item) ?? []);
  // Without all of them the sums would be wrong. Stripe's always have an amount
  // and a currency: this is not Stripe's.
  if (listed.length < answer.items.length || entries.length < listed.length) {
    return { kind: "later", why: "stripe_rejected", retryAfterMs: null };
  }
  const transactions = listed.filter((money) => isNew(position, money));
  const next: AuditPosition = answer.hasMore
    ? { phase: "transactions", position: advance(position, entries) }
    : { phase: "comparing", after: "" };
  return { ...audited(next), transactions };
}

export async function walkSettlements(
  run: Running,
  { cursor }: At<"settlements">,
  ports: AuditPorts,
): Promise<AuditOutcome> {
  const answer = await ports.ledger.listSettlements(cursor);
  if (answer.kind !== "page") return ledgerSilence(answer);
  const { settlements, next_cursor } = answer;
  const oldest = settlements.at(-1);
  const isOver = oldest === undefined || Date.parse(oldest.created_at) < run.from - CLOCK_MARGIN_MS;
  const next: AuditPosition =
    next_cursor === null || isOver ? START_OF_TRANSACTIONS : { phase: "settlements", cursor: next_cursor };
  const kept = settlements.map((settlement) => ({
    settlement,
    in_window: isInWindow(settlement, run, ports.connectedAccounts),
  }));
  return { ...audited(next), settlements: kept };
}

export function audited(next: AuditPosition): Extract<AuditOutcome, { kind: "audited" }> {
  return { ...NOTHING, kind: "audited", next };
}

export function ledgerSilence(answer: Exclude<SettlementPage, { kind: "page" }>): Postponed {
  const retryAfterMs = "retry_after_ms" in answer ? (answer.retry_after_ms ?? null) : null;
  return { kind: "later", why: "ledger_unavailable", retryAfterMs };
}
