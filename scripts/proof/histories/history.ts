/** What happened at Stripe: its events, and each movement of money, whatever anybody maps them to. */
import type { StripeEventBody } from "../../sandbox/events/stripe-events.ts";
import type { StripeAccount } from "../../sandbox/stripe-account/stripe-account.ts";

/** One change of a balance, which any number of events may report. */
export class Movement {
  readonly name: string;
  readonly currency: string;
  /** Signed. Zero: the ledger only records it. */
  readonly delta: bigint;
  /** The credit of the payment that it belongs to; null: it is that credit, or belongs to none. */
  readonly payment: Movement | null;
  /** What it gives back. */
  readonly debit: Movement | null;
  #account: string | null;

  constructor(
    name: string,
    money: Pick<Movement, "currency" | "delta">,
    of: { account?: string | null; payment?: Movement | null; debit?: Movement | null },
  ) {
    this.name = name;
    this.currency = money.currency;
    this.delta = money.delta;
    this.payment = of.payment ?? null;
    this.debit = of.debit ?? null;
    this.#account = of.account ?? null;
  }

  /** null: nobody can say whose money it is. */
  get account(): string | null {
    return this.payment === null ? this.#account : this.payment.account;
  }

  /** An operator has found out whose it is, and with it that of all that belongs to it. */
  assign(account: string): void {
    this.#account = account;
  }
}

export interface HistoryEvent {
  readonly id: string;
  readonly type: string;
  /** When Stripe made it. */
  readonly at: number;
  readonly body: StripeEventBody;
  /** What it reports. null: no money has moved, or another type of event reports it. */
  readonly movement: Movement | null;
  /** Why it cannot be settled before an operator has decided something. */
  readonly heldFor: string | null;
  /** Of a payout that failed after it was paid: the ledger may know of that first. */
  readonly mayBeOvertaken: boolean;
  /** False: of a connected account whose events are none of the service's. */
  readonly isListed: boolean;
}

/** A payment and what follows it, or a payout, in an account at Stripe. */
export interface Chain {
  readonly stripe: StripeAccount;
  readonly movements: readonly Movement[];
  readonly events: readonly HistoryEvent[];
}

export interface StripeHistory extends Omit<Chain, "stripe"> {
  readonly stripe: readonly StripeAccount[];
  /** When the ledger opens each account. Never: null. */
  readonly accounts: ReadonlyMap<string, number | null>;
  /** Whether there is a key for Stripe's API. */
  readonly asksStripe: boolean;
}

/** The movements that need no operator. */
export function settledOf({ events, movements }: Omit<Chain, "stripe">): Movement[] {
  const held = new Set(events.flatMap(({ heldFor, movement }) => (heldFor === null ? [] : (movement ?? []))));
  return movements.filter((movement) => movement.account !== null && !held.has(movement));
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

/** Somebody whose account holds the currency. */
export function holderOf(
  { movements }: Pick<StripeHistory, "movements">,
  { currency }: Movement,
): string | null {
  return movements.find((one) => one.account !== null && one.currency === currency)?.account ?? null;
}
