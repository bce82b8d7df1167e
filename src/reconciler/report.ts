/** A run as operators see it. Pure; times become ISO 8601 here. */
import { iso } from "../event/view.ts";
import { type Kind, KINDS } from "./findings.ts";
import type {
  Completeness,
  DifferencePage,
  ListedRun,
  Report,
  RunView,
  WatermarkStatus,
} from "./report-schema.ts";
import { type FailureCode, type Run, type Running } from "./run.ts";
import { isSameAccount, type PinnedAccount } from "./pinned-account.ts";
import { statementsOf } from "./statement.ts";
import type { UnreadableRun } from "./stored-run.ts";
import { isBalanced } from "./totals.ts";
import { type Gap, gapAt, type Watermark } from "./watermark.ts";
import type { Bounds } from "./window.ts";

/** Our own words: Stripe's could quote a key, and the ledger's anything. */
const FAILURES: Readonly<Record<FailureCode, string>> = {
  stripe_unauthorized:
    "Stripe refused STRIPE_API_KEY: it is wrong or expired, or it may not read all that a run asks for.",
  stripe_unavailable: "Stripe did not answer for about an hour. Start the run again.",
  stripe_rejected:
    "Stripe did not take the question, or answered with something that is no list of Stripe's.",
  ledger_unavailable: "The ledger did not answer for about an hour. Start the run again.",
  livemode_mismatch: "STRIPE_API_KEY is of the other mode: its events may not settle in this environment.",
  other_stripe_account:
    "STRIPE_API_KEY is of another Stripe account than the one that was confirmed. Nothing more was delivered.",
  connected_account_refused:
    "Stripe does not let STRIPE_API_KEY read this connected account: it was disconnected, or the key lacks a permission for connected accounts.",
  configuration_changed:
    "An upgrade during the run gave movements other ids at the ledger. Start another run.",
  not_configured: "The configuration lost what reconciliation needs.",
  internal: "Our own code failed at the same page again and again. The log says how.",
};

export function viewOf(run: Run): RunView {
  return {
    id: run.id,
    status: run.status,
    origin: run.origin,
    actor: run.actor,
    stripe_account: run.stripe_account,
    from: iso(run.from),
    to: iso(run.to),
    dry_run: run.dry_run,
    account: run.account,
    created_at: iso(run.created_at),
    started_at: isoOrNull(run.started_at),
    finished_at: run.status === "running" ? null : iso(run.finished_at),
    error: run.status === "failed" ? { code: run.error.toUpperCase(), message: FAILURES[run.error] } : null,
    progress: progressOf(run),
    content_sha256: run.status === "complete" ? run.content_sha256 : null,
    counts: Object.fromEntries(KINDS.map((kind) => [kind, run.counts[kind] ?? 0])) as Record<Kind, number>,
    accepted: run.accepted,
  };
}

export function listedRunOf(run: Run | UnreadableRun): ListedRun {
  if (run.status !== "unreadable") return viewOf(run);
  return { id: run.id, status: run.status, finished_at: isoOrNull(run.finished_at) };
}

export function reportOf(run: Run, page: DifferencePage, pinned: PinnedAccount | null): Report {
  const { counts, accepted } = run;
  const found = KINDS.reduce(
    (sum, kind) => sum + (kind === "ignored" ? 0 : (counts[kind] ?? 0)) + (accepted[kind] ?? 0),
    0,
  );
  return {
    ...viewOf(run),
    totals: run.totals,
    balanced: isBalanced(run.totals),
    account_pinned: run.account !== null && pinned !== null && isSameAccount(run.account, pinned),
    statements: statementsOf(run.lines),
    differences_listed: run.listed,
    differences_truncated: found > run.listed,
    ...page,
  };
}

function progressOf(run: Run): RunView["progress"] {
  const { pages, events, transactions, settlements } = run;
  const isRunning = run.status === "running";
  return {
    phase: isRunning ? phaseOf(run) : "over",
    pages,
    events,
    transactions,
    settlements,
    reached: isoOrNull(run.reached),
    failures_in_a_row: isRunning ? run.failures : 0,
    last_failure: isRunning ? run.last_failure : null,
    next_try_at: isRunning ? isoOrNull(run.next_try_at) : null,
    cancel_requested: isRunning && run.cancel_requested,
  };
}

function phaseOf(run: Running): RunView["progress"]["phase"] {
  if (run.started_at === null) return "waiting";
  if (run.walked && run.audit.phase === "done") return "closing";
  if (run.next_try_at !== null) return "backing_off";
  return run.walked ? "auditing" : "walking";
}

/** The hourly run leaves it about an hour behind; two that failed in a row make three. */
export const BEHIND_SECONDS = 3 * 3_600;

/** By so much that something is wrong. Null: the platform's own account. */
export function accountsBehind(watermark: WatermarkStatus): (string | null)[] {
  if (!watermark.configured) return [];
  const connected = watermark.connected_accounts.filter(isBehind);
  return [...(isBehind(watermark) ? [null] : []), ...connected.map(({ stripe_account }) => stripe_account)];
}

function isBehind({ behind_seconds }: Pick<Completeness, "behind_seconds">): boolean {
  return (behind_seconds ?? 0) > BEHIND_SECONDS;
}

const NEVER_RECONCILED: Completeness = {
  since: null,
  complete_up_to: null,
  behind_seconds: null,
  gaps: [],
  pending_gap: null,
  last_run: null,
};

export interface WatermarkFacts {
  readonly bounds: Bounds;
  readonly configured: boolean;
  readonly pinned: PinnedAccount | null;
  readonly now: number;
}

/** `connected`: by account. */
export function watermarkStatus(
  own: Watermark | null,
  connected: ReadonlyMap<string, Watermark | null>,
  { bounds, configured, pinned, now }: WatermarkFacts,
): WatermarkStatus {
  return {
    configured,
    account: pinned === null ? null : { ...pinned, pinned_at: iso(pinned.pinned_at) },
    ...completenessOf(own, bounds, now),
    connected_accounts: [...connected].map(([stripe_account, watermark]) =>
      Object.assign({ stripe_account }, completenessOf(watermark, bounds, now)),
    ),
  };
}

function completenessOf(watermark: Watermark | null, bounds: Bounds, now: number): Completeness {
  if (watermark === null) return NEVER_RECONCILED;
  const { since, complete_up_to, gaps, last_run } = watermark;
  const pending = gapAt(watermark, bounds, now);
  return {
    since: iso(since),
    complete_up_to: iso(complete_up_to),
    behind_seconds: Math.max(0, Math.floor((now - complete_up_to) / 1_000)),
    gaps: gaps.map(gapView),
    pending_gap: pending === null ? null : gapView(pending),
    last_run: last_run === null ? null : { ...last_run, finished_at: iso(last_run.finished_at) },
  };
}

function gapView({ from, to, why }: Gap): Completeness["gaps"][number] {
  return { from: iso(from), to: iso(to), why };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
