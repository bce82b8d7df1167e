/** The reconciliation pages: what they show, and what they do. */
import {
  beginReconciliation,
  check,
  endReconciliation,
  findReconciliation,
  findReconciliations,
  reconciliationBody,
  runIdSchema,
  showCsv,
} from "./data.ts";
import { failed } from "./failed.ts";
import type { Fields } from "./form.ts";
import { type ConsoleContext, redirect, sessionOf, visitOf } from "./guard.ts";
import { ReconciliationContent, standingInWords } from "./pages/reconciliation.tsx";
import { ReconciliationsContent } from "./pages/reconciliations.tsx";
import { renderPage } from "./render.tsx";
import { runPath } from "./ui/run.tsx";

const SECTION = "/console/reconciliations";
const RUNS_SHOWN = 50;
/** Nothing tells a page that a run has gone on, so it asks while one runs. */
const POLL_MS = 2_000;

export function getReconciliations(c: ConsoleContext): Promise<Response> {
  return showReconciliations(c, {}, []);
}

async function showReconciliations(
  c: ConsoleContext,
  given: Fields,
  problems: readonly string[],
): Promise<Response> {
  const visit = visitOf(c);
  const list = await findReconciliations(visit, RUNS_SHOWN);
  if (!list.ok) return failed(c, list.failure);
  const isRunning = list.value.reconciliations.some(({ status }) => status === "running");
  const status = problems.length > 0 ? 400 : 200;
  return renderPage(
    visit,
    { title: "Reconciliation", section: SECTION, status, ...(isRunning && { pollMs: POLL_MS }) },
    <ReconciliationsContent
      list={list.value}
      given={given}
      problems={problems}
      session={sessionOf(c)}
      now={visit.now}
    />,
  );
}

export async function getReconciliation(c: ConsoleContext): Promise<Response> {
  const visit = visitOf(c);
  const id = check(c.req.param("id"), runIdSchema);
  if (!id.ok) return failed(c, { kind: "reconciliation_not_found" });
  if (c.req.query("format") === "csv") return showCsv(visit, id.value);
  const report = await findReconciliation(visit, id.value, c.req.query("cursor") ?? null);
  if (!report.ok) return failed(c, report.failure);
  const isRunning = report.value.status === "running";
  return renderPage(
    visit,
    {
      title: "Reconciliation",
      section: SECTION,
      announce: standingInWords(report.value),
      ...(isRunning && { pollMs: POLL_MS }),
    },
    <ReconciliationContent report={report.value} session={sessionOf(c)} now={visit.now} />,
  );
}

/** What cannot be taken stands on the form again, with why. */
export async function postReconciliation(c: ConsoleContext): Promise<Response> {
  const { csrf: _, ...given } = c.var.fields;
  const { from = "", to = "", dry_run } = given;
  const body = { from: utcOf(from), to: utcOf(to), dry_run: dry_run === "on", actor: sessionOf(c).actor };
  const request = check(body, reconciliationBody);
  const begun = request.ok ? await beginReconciliation(visitOf(c), request.value) : request;
  if (begun.ok) return redirect(c, runPath(begun.value.id));
  const { failure } = begun;
  return failure.kind === "invalid_request"
    ? showReconciliations(c, given, failure.problems)
    : failed(c, failure);
}

export async function postCancelReconciliation(c: ConsoleContext): Promise<Response> {
  const id = check(c.req.param("id"), runIdSchema);
  if (!id.ok) return failed(c, { kind: "reconciliation_not_found" });
  const cancelled = await endReconciliation(visitOf(c), id.value);
  return cancelled.ok ? redirect(c, runPath(id.value)) : failed(c, cancelled.failure);
}

/** A field for a time knows no zone, and the page says that it is UTC. */
function utcOf(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) return `${text}:00Z`;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? `${text}Z` : text;
}
