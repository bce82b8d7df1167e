/** What happened at Stripe: its events, and each movement of money, whatever anybody maps them to. */
import type { RefundEvents } from "../../../src/settlement/mapping-table.ts";
import type { StripeEventBody } from "../../sandbox/events/stripe-events.ts";

/** One change of a balance, which any number of events may report. */
export interface Movement {
  readonly name: string;
  /** null: nobody can say whose money it is. */
  readonly account: string | null;
  readonly currency: string;
  /** Signed. Zero: the ledger only records it. */
  readonly delta: bigint;
  /** Whose account it takes, when its own events do not name it. */
  readonly payment: Movement | null;
}

export interface HistoryEvent {
  readonly id: string;
  readonly type: string;
  /** When Stripe made it. */
  readonly at: number;
  readonly body: StripeEventBody;
  readonly expected: "money" | "ignored" | "unmappable";
  readonly movement: Movement | null;
  /** The ledger may refuse it, since a later event of the same payout came first. */
  readonly mayBeOvertaken: boolean;
}

export interface StripeHistory {
  readonly refundEvents: RefundEvents;
  /** When the ledger opens each account. Never: null. */
  readonly accounts: ReadonlyMap<string, number | null>;
  readonly movements: readonly Movement[];
  readonly events: readonly HistoryEvent[];
}

/** Per account and currency, what the movements come to. Money without an account is on none. */
export function balancesAfter(movements: Iterable<Movement>): Map<string, Map<string, bigint>> {
  const balances = new Map<string, Map<string, bigint>>();
  for (const { account, currency, delta } of movements) {
    if (account === null || delta === 0n) continue;
    const sums = balances.get(account) ?? new Map<string, bigint>();
    balances.set(account, sums.set(currency, (sums.get(currency) ?? 0n) + delta));
  }
  return balances;
}
