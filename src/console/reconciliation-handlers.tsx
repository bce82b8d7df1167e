/** The reconciliation pages: what they show, and what they do. */
import { reconciliationCsv } from "../http/handlers.ts";
import { check } from "../http/input.ts";
import { runIdSchema } from "../http/routes.ts";
import { deliverMoney } from "../operators/deliver-money.ts";
import {
  acceptDifference,
  cancelReconciliation,
  confirmReconciliation,
  listReconciliations,
  showReconciliation,
  startReconciliation,
} from "../operators/reconciliations.ts";
import {
  acceptDifferenceRequest,
  deliverMoneyRequest,
  startReconciliationRequest,
} from "../operators/requests.ts";
import { type Fields, problemsOf } from "./form.ts";
import { type ConsoleContext, redirect } from "./guard.ts";
import { describeStatus, ReconciliationContent } from "./pages/reconciliation.tsx";
import { MoneyDeliveryContent } from "./pages/money-delivery.tsx";
import { ReconciliationsContent } from "./pages/reconciliations.tsx";
import type { Handled, SignedInCall } from "./render.tsx";
import { eventPath } from "./ui/event-table.tsx";
import { runPath } from "./ui/run.tsx";

const PAGE = { title: "Reconciliation", section: "/console/reconciliations" } as const;
const RUNS_SHOWN = 50;
/** No WebSocket notifies a page of a run's progress, so it polls while one runs. */
const POLL_MS = 2_000;
const NOT_FOUND = { ok: false, failure: { kind: "reconciliation_not_found" } } as const;

export function getReconciliations(call: SignedInCall): Promise<Handled> {
  return reconciliationsPage(call, {}, []);
}

async function reconciliationsPage(
  call: SignedInCall,
  given: Fields,
  problems: readonly string[],
): Promise<Handled> {
  const list = await listReconciliations(call, RUNS_SHOWN);
  if (!list.ok) return list;
  const isRunning = list.value.reconciliations.some(({ status }) => status === "running");
  const { session, now } = call;
  const content = (
    <ReconciliationsContent list={list.value} given={given} problems={problems} session={session} now={now} />
  );
  const status = problems.length > 0 ? 400 : 200;
  return { ok: true, value: { ...PAGE, status, ...(isRunning && { pollMs: POLL_MS }), content } };
}

export async function getReconciliation(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const id = check(c.req.param("id"), runIdSchema);
  if (!id.ok) return NOT_FOUND;
  if (c.req.query("format") === "csv") return reconciliationCsv(call, id.value);
  const report = await showReconciliation(call, id.value, c.req.query("cursor") ?? null);
  if (!report.ok) return report;
  const value = {
    ...PAGE,
    announce: describeStatus(report.value),
    ...(report.value.status === "running" && { pollMs: POLL_MS }),
    content: <ReconciliationContent report={report.value} session={call.session} now={call.now} />,
  };
  return { ok: true, value };
}

/** What cannot be taken comes back on the form, with the reason. */
export async function postStartReconciliation(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const { csrf: _, ...given } = c.var.fields;
  const { from = "", to = "", dry_run, stripe_account = "" } = given;
  const body = {
    from: utcOf(from),
    to: utcOf(to),
    dry_run: dry_run === "on",
    actor: call.session.actor,
    stripe_account: stripe_account === "" ? null : stripe_account,
  };
  const request = check(body, startReconciliationRequest);
  const started = request.ok ? await startReconciliation(call, request.value) : request;
  if (started.ok) return redirect(c, runPath(started.value.id));
  const problems = problemsOf(started.failure);
  return problems.length > 0 ? reconciliationsPage(call, given, problems) : started;
}

export async function postCancelReconciliation(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const id = check(c.req.param("id"), runIdSchema);
  if (!id.ok) return NOT_FOUND;
  const cancelled = await cancelReconciliation(call, id.value);
  return cancelled.ok ? redirect(c, runPath(id.value)) : cancelled;
}

export async function postConfirmReconciliation(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const id = check(c.req.param("id"), runIdSchema);
  if (!id.ok) return NOT_FOUND;
  const confirmed = await confirmReconciliation(call, id.value, { actor: call.session.actor });
  return confirmed.ok ? redirect(c, runPath(id.value)) : confirmed;
}

export async function postAcceptDifference(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const id = check(c.req.param("id"), runIdSchema);
  if (!id.ok) return NOT_FOUND;
  const { key, note, undo } = c.var.fields;
  const body = { key, note, undo: undo === "on", actor: call.session.actor };
  const request = check(body, acceptDifferenceRequest);
  if (!request.ok) return request;
  const accepted = await acceptDifference(call, id.value, request.value);
  return accepted.ok ? redirect(c, runPath(id.value)) : accepted;
}

/** Without a note, it shows what would be sent, with a form that sends it. */
export async function postDeliverMoney(call: SignedInCall, c: ConsoleContext): Promise<Handled> {
  const id = check(c.req.param("id"), runIdSchema);
  if (!id.ok) return NOT_FOUND;
  const { session } = call;
  const { key = "", note } = c.var.fields;
  const dry_run = note === undefined;
  const request = check(
    { key, note: note ?? "not sent", dry_run, actor: session.actor },
    deliverMoneyRequest,
  );
  if (!request.ok) return request;
  const delivered = await deliverMoney(call, id.value, request.value);
  if (!delivered.ok) return delivered;
  const { value: delivery } = delivered;
  if (!dry_run) return redirect(c, eventPath(delivery.event_id));
  const content = (
    <MoneyDeliveryContent runId={id.value} differenceKey={key} delivery={delivery} session={session} />
  );
  return { ok: true, value: { ...PAGE, content } };
}

/** A field for a time knows no zone, and the page says that it is UTC. */
function utcOf(text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)) return `${text}:00Z`;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text) ? `${text}Z` : text;
}
