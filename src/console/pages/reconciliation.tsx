/**
 * One reconciliation: how far it is, whether the three sides agree, and each thing that is not as it should
 * be.
 */
import type { Report } from "../../reconciler/report-schema.ts";
import type { Session } from "../session.ts";
import { Csrf } from "../ui/layout.tsx";
import { hasDifferences, modeOf, RunBadge, runPath } from "../ui/run.tsx";
import { Found, Totals } from "./reconciliation-found.tsx";
import { Statements } from "./reconciliation-statement.tsx";
import { Fact, Time, utc } from "../ui/time.tsx";

export interface ReconciliationProps {
  readonly report: Report;
  readonly session: Session;
  readonly now: number;
}

export function ReconciliationContent({ report, session, now }: ReconciliationProps) {
  const { id, from, to, dry_run, status } = report;
  return (
    <>
      <p class="crumb">
        <a href="/console/reconciliations">Reconciliation</a>
      </p>
      <div class="head event-title">
        <div>
          <h1>
            {utc(from)} to {utc(to)} UTC
          </h1>
          <p class="under">
            <code>{id}</code>
            {dry_run && ", only looking: nothing was delivered and nothing woken"}
          </p>
        </div>
      </div>
      <section id="progress" data-region aria-label="Progress">
        <Status report={report} now={now} />
      </section>
      {status === "running" && session.role === "admin" && <Cancel id={id} session={session} />}
      {isConfirmable(report) && session.role === "admin" && <Confirm report={report} session={session} />}
      <section id="statements" data-region aria-labelledby="statements-title">
        <Statements report={report} />
      </section>
      <section id="totals" data-region aria-labelledby="totals-title">
        <Totals report={report} />
      </section>
      <section id="found" data-region aria-labelledby="found-title">
        <Found report={report} session={session} />
      </section>
    </>
  );
}

const PHASES = {
  waiting: "It waits for the runs before it.",
  walking: "It walks through what Stripe lists, from the newest to the oldest.",
  backing_off: "Stripe or the ledger did not answer. It tries again by itself.",
  auditing: "It compares Stripe's balance transactions with the ledger's settlements, one by one.",
  closing: "All is looked at; the report is being closed.",
  over: "",
} as const;

export function describeStatus(report: Report): string {
  const { status, error, progress } = report;
  if (status === "failed") return error?.message ?? "It failed.";
  if (status === "cancelled") return "It was cancelled. What it had found until then stands below.";
  if (status === "running") {
    return progress.cancel_requested ? "It ends after the page under way." : PHASES[progress.phase];
  }
  if (hasDifferences(report)) return "Not everything agrees. Each difference stands below.";
  if (!addsUp(report)) return "Stripe's own amounts, fees and nets do not add up: see below.";
  return report.balanced
    ? "Stripe, clawsettle and the ledger agree about every event. Every balance transaction is accounted for."
    : "No event stands out, but the sums differ: see below.";
}

function addsUp({ statements }: Report): boolean {
  return statements.every(({ difference_minor }) => difference_minor === "0");
}

function Status({ report, now }: { report: Report; now: number }) {
  const { status, progress, started_at, finished_at, content_sha256, error } = report;
  const isBad = status === "failed";
  const isGood = status === "complete" && report.balanced && addsUp(report) && !hasDifferences(report);
  return (
    <div class={`why ${isBad ? "bad" : isGood ? "" : "wait"}`}>
      <p class="standing">
        <RunBadge run={report} />
        <span>{describeStatus(report)}</span>
      </p>
      <dl class="facts row">
        {report.account !== null && (
          <Fact name="Stripe account">
            <code>{report.account.id}</code> {modeOf(report.account)}
          </Fact>
        )}
        {report.stripe_account !== null && (
          <Fact name="Connected account">
            <code>{report.stripe_account}</code>
          </Fact>
        )}
        <Fact name="Events">{progress.events}</Fact>
        <Fact name="Balance transactions">{progress.transactions}</Fact>
        <Fact name="Pages">{progress.pages}</Fact>
        {progress.reached !== null && status === "running" && (
          <Fact name="Back to">{utc(progress.reached)} UTC</Fact>
        )}
        {progress.next_try_at !== null && (
          <Fact name="Next try">
            <Time at={progress.next_try_at} now={now} />
          </Fact>
        )}
        {started_at !== null && (
          <Fact name="Begun">
            <Time at={started_at} now={now} />
          </Fact>
        )}
        {finished_at !== null && (
          <Fact name="Over">
            <Time at={finished_at} now={now} />
          </Fact>
        )}
        {error !== null && (
          <Fact name="Code">
            <code>{error.code}</code>
          </Fact>
        )}
        {content_sha256 !== null && (
          <Fact name="Content">
            <code title={content_sha256}>{content_sha256.slice(0, 16)}…</code>
          </Fact>
        )}
      </dl>
    </div>
  );
}

function isConfirmable({ status, dry_run, account, account_pinned }: Report): boolean {
  return status === "complete" && dry_run && account !== null && !account_pinned;
}

function Confirm({ report, session }: { report: Report; session: Session }) {
  return (
    <div class="actions">
      <details id="confirm" class="action">
        <summary>This is the right account …</summary>
        <form method="post" action={`${runPath(report.id)}/confirm`}>
          <Csrf session={session} />
          <p>
            From then on hourly runs deliver what is missing of <code>{report.account?.id}</code>, and a key
            of any other account ends a run before it delivers anything.
          </p>
          <button type="submit">Settle this account's money</button>
        </form>
      </details>
    </div>
  );
}

function Cancel({ id, session }: { id: string; session: Session }) {
  return (
    <div class="actions">
      <details id="cancel" class="action">
        <summary>Cancel …</summary>
        <form method="post" action={`${runPath(id)}/cancel`}>
          <Csrf session={session} />
          <p>It ends after the page under way. What it has delivered stays delivered.</p>
          <button type="submit" class="danger">
            Cancel this run
          </button>
        </form>
      </details>
    </div>
  );
}
