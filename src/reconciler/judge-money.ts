/** What one balance transaction means, given what the ledger and clawsettle have of it. Pure. */
import type { ListedSettlement } from "../ledger/port.ts";
import type { Difference, Kind } from "./findings.ts";
import { type Expected, type Key, type Meaning, meaningOf } from "./expected-settlement.ts";
import type { Amount, Part } from "./statement.ts";
import { type Transaction, transactionSchema } from "./transaction.ts";

/** As it is kept while the run goes on: without its source, which may be large. */
export interface Money extends Omit<Transaction, "source"> {
  readonly meaning: Meaning;
}

/** null: it cannot be read at all. */
export function moneyOf(listed: unknown): Money | null {
  const parsed = transactionSchema.safeParse(listed);
  if (!parsed.success) return null;
  const { source: _, ...transaction } = parsed.data;
  return { ...transaction, meaning: meaningOf(parsed.data) };
}

/** As much of a settlement as money is compared with. */
export type Booked = Pick<
  ListedSettlement,
  "id" | "external_payment_id" | "direction" | "account_id" | "amount_minor" | "currency" | "status"
>;

export interface MoneyEvidence {
  /** Under the key that it must have. */
  readonly booked: Booked | null;
  /** Under another name of the same money, or naming the transaction in their metadata. */
  readonly others: readonly Booked[];
  /** The account of the payment that it belongs to, where it is known. */
  readonly payment_account: string | null;
  /** The states of its events (`EventOfMoney`); empty: none came. */
  readonly events: readonly string[];
}

export interface Judgement {
  readonly amounts: readonly Amount[];
  readonly differences: readonly Difference[];
}

export function judgeMoney(money: Money, evidence: MoneyEvidence): Judgement {
  const { currency, amount, fee, net, meaning } = money;
  const moved: Amount = { currency, part: "moved", class: "", amount: BigInt(net) };
  const fees = { currency, part: "elsewhere", class: "fees_withheld", amount: BigInt(-fee) } as const;
  const { amounts, differences } = judgeMeaning(money, meaning, evidence);
  const sums = amounts.length > 0 ? amounts : [part(money, "unexplained", "", BigInt(amount))];
  return { amounts: [moved, ...(fee === 0 ? [] : [fees]), ...sums], differences };
}

function judgeMeaning(money: Money, meaning: Meaning, evidence: MoneyEvidence): Judgement {
  const whole = BigInt(money.amount);
  if (meaning.kind === "elsewhere") {
    return { amounts: [part(money, "elsewhere", meaning.class, whole)], differences: [] };
  }
  if (meaning.kind === "unknown") {
    return { amounts: [], differences: [moneyDifference(money, "unknown_class", { reason: meaning.why })] };
  }
  const all = [...(evidence.booked === null ? [] : [evidence.booked]), ...doublesAmong(meaning, evidence)];
  const [booked, ...doubles] = all.filter((each) => each.direction === meaning.key.direction);
  // A refund of what was only released is no other name of the payin: it is one booking too many.
  const foreign = all.filter((each) => each.direction !== meaning.key.direction);
  const twice = [...doubles, ...foreign].map((each) => bookedTwice(money, each));
  const judged =
    booked === undefined ? unbooked(money, meaning, evidence) : bookedAs(money, meaning, booked, evidence);
  return { ...judged, differences: [...judged.differences, ...twice] };
}

/** Those whose money counts: others are under the same name by right, such as a canceled payment's. */
function doublesAmong({ key, aliases }: Expected, { others }: MoneyEvidence): Booked[] {
  const directions = new Set<string>([key, ...aliases].map(({ direction }) => direction));
  return others.filter((each) => carriesMoney(each) && directions.has(each.direction));
}

/** Payouts are only recorded, in whatever status. */
export function carriesMoney({ direction, status }: Pick<Booked, "direction" | "status">): boolean {
  return direction === "payout" || status === "confirmed";
}

function bookedAs(
  money: Money,
  { class: which, amount, payment }: Expected,
  booked: Booked,
  { payment_account }: MoneyEvidence,
): Judgement {
  const whole = BigInt(money.amount);
  const differ = (field: string, ours: string, theirs: string | null) =>
    moneyDifference(money, "booked_differently", { field, ours, theirs, settlement_id: booked.id });
  const differences = [
    ...(carriesMoney(booked) ? [] : [differ("status", booked.status, "confirmed")]),
    ...(amount === null || amount.currency === booked.currency
      ? []
      : [differ("currency", booked.currency, amount.currency)]),
    ...(amount === null || amount.amount_minor === booked.amount_minor
      ? []
      : [differ("amount_minor", booked.amount_minor, amount.amount_minor)]),
    ...(payment === null || payment_account === null || payment_account === booked.account_id
      ? []
      : [differ("account_id", booked.account_id, payment_account)]),
  ];
  if (differences.length === 0) return { amounts: [part(money, "booked", which, whole)], differences };
  const [only, ...more] = differences;
  const isComparable =
    only?.field === "amount_minor" && more.length === 0 && amount?.currency === money.currency;
  if (!isComparable) return { amounts: [], differences };
  // The same sign as the money's: a settlement's amount has none.
  const missing = BigInt(amount.amount_minor) - BigInt(booked.amount_minor);
  const unexplained = whole < 0n ? -missing : missing;
  return {
    amounts: [part(money, "booked", which, whole - unexplained), part(money, "unexplained", "", unexplained)],
    differences,
  };
}

function unbooked(money: Money, { otherwise }: Expected, { events }: MoneyEvidence): Judgement {
  const whole = BigInt(money.amount);
  const all = (which: Part, of: string) => ({ amounts: [part(money, which, of, whole)], differences: [] });
  if (otherwise !== null) return all("elsewhere", otherwise);
  // It is listed by itself, or among the events that an operator sees.
  if (events.some((state) => IS_OPEN.has(state))) return all("open", "");
  if (events.includes("resolved")) return all("elsewhere", "closed_by_operator");
  const kind = events.length === 0 ? "money_without_event" : "money_not_booked";
  return { amounts: [], differences: [moneyDifference(money, kind)] };
}

const IS_OPEN: ReadonlySet<string> = new Set(["missing", "unreachable", "received", "forwarding", "failed"]);

function bookedTwice(money: Money, { id, external_payment_id, ...booked }: Booked): Difference {
  const { direction, status, currency, amount_minor } = booked;
  const its = { payment_id: external_payment_id, direction, status, currency, amount_minor };
  return moneyDifference(money, "booked_twice", { ...its, settlement_id: id });
}

function part({ currency }: Money, which: Part, of: string, amount: bigint): Amount {
  return { currency, part: which, class: of, amount };
}

function moneyDifference(
  { id, created, type, reporting_category, meaning, currency, amount }: Money,
  kind: Kind,
  more: Partial<Difference> = {},
): Difference {
  const key: Key | null = meaning.kind === "settlement" ? meaning.key : null;
  const wanted = meaning.kind === "settlement" ? meaning.amount : null;
  return {
    event_id: null,
    event_type: null,
    created_at: new Date(created * 1_000).toISOString(),
    kind,
    field: "",
    ours: null,
    theirs: null,
    reason: [type, reporting_category ?? ""].join(" "),
    payment_id: key?.external_payment_id ?? null,
    direction: key?.direction ?? null,
    status: null,
    currency: wanted?.currency ?? currency,
    amount_minor: wanted?.amount_minor ?? String(amount),
    transaction_id: id,
    settlement_id: null,
    ...more,
  };
}
