/** A run after one step of its work. Pure. */
import type { Judged } from "./findings.ts";
import { waitMs } from "./retry-wait.ts";
import type { JudgedMoney } from "./with-acceptances.ts";
import type { AuditOutcome, PageOutcome } from "./ports.ts";
import { type FailureCode, type Finished, finish, type Running } from "./run.ts";
import { addToLines } from "./statement.ts";
import { addAmounts } from "./totals.ts";

type Page = Extract<PageOutcome, { kind: "page" }>;
type Audited = Extract<AuditOutcome, { kind: "audited" }>;

/** The last step got its answers. */
const AT_WORK = { failures: 0, last_failure: null, next_try_at: null } as const;

/** `found`: the page's differences. `listed`: how many of them are listed, and not merely counted. */
export function afterPage(run: Running, page: Page, found: readonly Judged[], listed: number): Running {
  const { findings, examined, position, walked, reached } = page;
  return {
    ...run,
    pages: run.pages + 1,
    events: run.events + findings.length,
    reached,
    totals: addAmounts(
      run.totals,
      findings.flatMap(({ amounts }) => amounts),
    ),
    ...countsWith(run, found),
    listed: run.listed + listed,
    cursor: position,
    walked,
    acting: without(run.acting, examined),
    ...AT_WORK,
  };
}

/**
 * A page that is walked again from another position may have fewer events: the others come with the next one.
 */
function without(acting: Running["acting"], examined: readonly string[]): Running["acting"] {
  return Object.fromEntries(Object.entries(acting).filter(([id]) => !examined.includes(id)));
}

/** `judged`: the step's judgements, with what an operator has accepted of them. */
export function afterAudit(
  run: Running,
  { transactions, settlements, next }: Audited,
  judged: readonly JudgedMoney[],
  listed: number,
): Running {
  return {
    ...run,
    transactions: run.transactions + transactions.length,
    settlements: run.settlements + settlements.length,
    lines: addToLines(
      run.lines,
      judged.flatMap(({ amounts }) => amounts),
    ),
    ...countsWith(
      run,
      judged.flatMap(({ differences }) => differences),
    ),
    listed: run.listed + listed,
    audit: next,
    ...AT_WORK,
  };
}

export interface Moment {
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/** Waits and asks for the same page again, or gives up. */
export function afterFailure(
  run: Running,
  why: FailureCode,
  retryAfterMs: number | null,
  { now, random }: Moment,
): Running | Finished {
  const failures = run.failures + 1;
  const wait = waitMs(failures, retryAfterMs, random);
  if (wait === null) return finish(run, { status: "failed", error: why }, now);
  return { ...run, failures, last_failure: why, next_try_at: now + wait };
}

function countsWith(run: Running, found: readonly Judged[]): Pick<Running, "counts" | "accepted"> {
  const counts = { ...run.counts };
  const accepted = { ...run.accepted };
  for (const difference of found) {
    const sums = difference.accepted === null ? counts : accepted;
    sums[difference.kind] = (sums[difference.kind] ?? 0) + 1;
  }
  return { counts, accepted };
}
