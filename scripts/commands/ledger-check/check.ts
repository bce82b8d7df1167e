import type { LedgerProbe } from "./ledger-probe.ts";

/** What one check found. */
export type Finding = {
  readonly ok: boolean;
  /** In a few words, for whoever reads the table. */
  readonly found: string;
};

export type Check = {
  readonly name: string;
  /** What makes clawsettle safe where this does not hold; absent when nothing does. */
  readonly remedy?: string;
  /** Without this, no other check would tell anything. */
  readonly isNeeded?: true;
  readonly run: (ledger: LedgerProbe) => Promise<Finding>;
};

/** Compares what was found with what must be, as JSON texts in the order given. */
export function expectAll(
  pairs: readonly (readonly [what: string, found: unknown, wanted: unknown])[],
): Finding {
  const wrong = pairs.filter(([, found, wanted]) => JSON.stringify(found) !== JSON.stringify(wanted));
  const words = ([what, found, wanted]: (typeof pairs)[number]) =>
    `${what} ${String(found)}, not ${String(wanted)}`;
  if (wrong.length > 0) return { ok: false, found: wrong.map(words).join("; ") };
  return { ok: true, found: pairs.map(([what, found]) => `${what} ${String(found)}`).join(", ") };
}
