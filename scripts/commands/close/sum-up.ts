/** The parts of a month as one statement, and whether the month can be closed. Pure. */
import { decimalAmount } from "../../../src/format-money.ts";
import type { Report, WatermarkStatus } from "../../../src/reconciler/report-schema.ts";
import { type Line, type Statement, statementsOf } from "../../../src/reconciler/statement.ts";
import type { Month, MonthPart } from "./month.ts";

/** Of these nothing is left to do. */
const SETTLED: ReadonlySet<string> = new Set(["ignored", "backfilled", "healed", "resolved"]);

export interface Opening {
  /** By currency, in minor units. */
  readonly balances: Readonly<Record<string, string>>;
  /** `stated`: by the operator, from Stripe's own balance report. */
  readonly source: "previous_close" | "stated";
  /** Whose they are, by the previous close; null: the operator does not say. */
  readonly account_id: string | null;
}

/** With Stripe's balance at the beginning and at the end; both null where nobody knows the first. */
export interface MonthStatement extends Statement {
  readonly opening_minor: string | null;
  readonly opening: string | null;
  readonly closing_minor: string | null;
  readonly closing: string | null;
}

/** A currency in which nothing moved has its balance all the same. */
export function statementOf(reports: readonly Report[], opening: Opening | null): MonthStatement[] {
  const empty = Object.keys(opening?.balances ?? {}).map((currency) => movedLine(currency, "0"));
  const lines = reports.flatMap(({ statements }) => statements.flatMap(linesOf));
  return statementsOf(sumOf([...empty, ...lines])).map((statement) => withBalances(statement, opening));
}

function withBalances(statement: Statement, opening: Opening | null): MonthStatement {
  const { currency, moved_minor } = statement;
  if (opening === null) {
    return { ...statement, opening_minor: null, opening: null, closing_minor: null, closing: null };
  }
  const opening_minor = opening.balances[currency] ?? "0";
  const closing_minor = (BigInt(opening_minor) + BigInt(moved_minor)).toString();
  const decimal = (minor: string) => decimalAmount(minor, currency);
  const decimals = { opening: decimal(opening_minor), closing: decimal(closing_minor) };
  return { ...statement, opening_minor, closing_minor, ...decimals };
}

function linesOf({ currency, moved_minor, lines }: Statement): Line[] {
  const parts = lines.map(({ part, class: which, count, amount_minor }) => {
    return { currency, part, class: which, count, amount_minor };
  });
  return [movedLine(currency, moved_minor), ...parts];
}

function movedLine(currency: string, amount_minor: string): Line {
  return { currency, part: "moved", class: "", count: 0, amount_minor };
}

/** In the order of the reports. */
function sumOf(lines: readonly Line[]): Line[] {
  const byKey = Map.groupBy(lines, ({ currency, part, class: which }) => `${currency} ${part} ${which}`);
  return [...byKey]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, [first, ...others]]) => (first === undefined ? [] : others.reduce(plus, first)));
}

function plus(sum: Line, { count, amount_minor }: Line): Line {
  const amount = BigInt(sum.amount_minor) + BigInt(amount_minor);
  return { ...sum, count: sum.count + count, amount_minor: amount.toString() };
}

/** What keeps the month open. */
export function obstaclesOf(
  month: Month,
  parts: readonly MonthPart[],
  reports: readonly Report[],
  { account, complete_up_to, gaps }: WatermarkStatus,
  opening: Opening | null,
): string[] {
  const end = parts.at(-1)?.to ?? month.from;
  const isComplete = complete_up_to !== null && Date.parse(complete_up_to) >= month.to;
  const inMonth = gaps.filter(({ from, to }) => Date.parse(from) < month.to && Date.parse(to) > month.from);
  return [
    ...(end < month.to
      ? [`the month is not over: it is what is over by ${new Date(end).toISOString()} is summed`]
      : []),
    ...(account === null ? ["nobody has confirmed whose Stripe account it is"] : []),
    ...(isComplete ? [] : [`events are complete only up to ${complete_up_to ?? "never"}`]),
    ...inMonth.map(({ from, to, why }) => `it is not known that ${from} to ${to} is complete: ${why}`),
    ...((opening?.account_id ?? account?.id ?? null) === (account?.id ?? null)
      ? []
      : [`the opening balance is of another Stripe account, ${opening?.account_id}`]),
    ...reports.flatMap((report) => obstaclesIn(report, account)),
  ];
}

function obstaclesIn(report: Report, account: WatermarkStatus["account"]): string[] {
  const { id, statements } = report;
  const left = statements.filter(({ difference_minor }) => difference_minor !== "0");
  return [
    ...(account !== null && report.account?.id !== account.id ? [`${id} is of another Stripe account`] : []),
    ...Object.entries(openFindings(report)).map(([kind, count]) => `${id} found ${count} ${kind}`),
    ...left.map(({ currency }) => `${id}: Stripe's own amounts in ${currency} do not add up`),
  ];
}

/** Neither settled nor accepted by now, by kind. What is counted and not listed was not accepted. */
export function openFindings({ counts, accepted, differences }: Report): Record<string, number> {
  const open = Object.entries(counts).flatMap(([kind, count]) => {
    if (SETTLED.has(kind)) return [];
    const all = count + (accepted[kind as keyof typeof accepted] ?? 0);
    const closed = differences.filter((each) => each.kind === kind && each.accepted !== null).length;
    return all > closed ? [[kind, all - closed] as const] : [];
  });
  return Object.fromEntries(open);
}
