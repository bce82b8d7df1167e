/**
 * A report's content as one text in a fixed order: its hash proves that two runs found the same. So it
 * contains neither the run's id nor any time of the run, only what was requested and what was found. Pure.
 */
import { DIFFERENCE_FIELDS, type Judged, type Kind, KINDS, SIDES } from "./findings.ts";
import type { OwnAccount } from "./pinned-account.ts";
import type { Line } from "./statement.ts";
import type { Total } from "./totals.ts";
import type { Window } from "./window.ts";

export interface Content {
  readonly window: Window;
  readonly events: number;
  /** All of them, also those beyond what is listed. */
  readonly counts: Readonly<Partial<Record<Kind, number>>>;
  /** What an operator had accepted; it is not in `counts`. */
  readonly accepted: Readonly<Partial<Record<Kind, number>>>;
  readonly totals: readonly Total[];
  readonly account: OwnAccount | null;
  readonly stripe_account: string | null;
  readonly transactions: number;
  readonly lines: readonly Line[];
  readonly differences: readonly Judged[];
}

/** One JSON array a line. Changing anything here changes every hash: then change the first line too. */
export function canonicalText({
  window,
  events,
  counts,
  accepted,
  totals,
  account,
  stripe_account,
  transactions,
  lines: money,
  differences,
}: Content): string {
  const lines: unknown[][] = [
    ["clawsettle-reconciliation", 3],
    [
      "account",
      account?.id ?? null,
      account?.livemode ?? null,
      ...(stripe_account === null ? [] : [stripe_account]),
    ],
    ["window", window.from, window.to],
    ["events", events],
    ...KINDS.map((kind) => ["count", kind, counts[kind] ?? 0]),
    ...KINDS.flatMap((kind) => (accepted[kind] ? [["accepted_count", kind, accepted[kind]]] : [])),
    ...totals
      .map(({ currency, direction, status, ...sides }) => [
        "total",
        currency,
        direction,
        status,
        ...SIDES.flatMap((side) => [sides[side].count, sides[side].amount_minor]),
      ])
      .sort(byText),
    ["transactions", transactions],
    ...money
      .map(({ currency, part, class: which, count, amount_minor }) => [
        "money",
        currency,
        part,
        which,
        count,
        amount_minor,
      ])
      .sort(byText),
    ...differences
      .map((each) => [
        each.accepted === null ? "difference" : "accepted",
        ...DIFFERENCE_FIELDS.map((field) => each[field]),
      ])
      .sort(byText),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function byText(a: unknown[], b: unknown[]): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
