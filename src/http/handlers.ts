/** What each route does with what it was sent: the acts of `operators/`, under the names of the routes. */
import type { Failure } from "../errors.ts";
import { assignAccount } from "../operators/assign-account.ts";
import { confirmSetting } from "../operators/confirm-setting.ts";
import { deliverMoney } from "../operators/deliver-money.ts";
import { closeOrReopenEvent, listEvents, showEvent } from "../operators/events.ts";
import type { OperatorCall } from "../operators/operator-call.ts";
import {
  acceptDifference,
  cancelReconciliation,
  confirmReconciliation,
  exportReconciliation,
  listReconciliations,
  showReconciliation,
  startReconciliation,
} from "../operators/reconciliations.ts";
import { retryEvent } from "../operators/retry-event.ts";
import { retryEvents, retryForwarding } from "../operators/retry-events.ts";
import { readStatistics } from "../operators/statistics.ts";
import type { Result } from "../result.ts";
import { health, welcome } from "./info.ts";
import type { Incoming, Input } from "./input.ts";
import { metricsOf } from "./metrics.ts";
import { type Handled, text } from "./respond.ts";
import type { RouteName } from "./routes.ts";
import { receiveDelivery } from "./webhook.ts";

/** A route without a handler does not compile. `watchEvent` reads a session too, so the console has it. */
type Handlers = {
  readonly [Name in Exclude<RouteName, "watchEvent">]: (
    call: Incoming,
    input: Input<Name>,
  ) => Handled | Promise<Handled>;
};

export const HANDLERS: Handlers = {
  welcome,
  health,
  document: readDocument,
  webhook: receiveDelivery,
  retryForwarding: (call, { body }) => retryForwarding(call, body),
  listEvents: (call, { query }) => listEvents(call, query),
  retryEvents: (call, { body }) => retryEvents(call, body),
  retryEvent: async (call, { id, body }) => {
    const retried = await retryEvent(call, id, body);
    return retried.ok ? { ok: true, value: retried.value.event } : retried;
  },
  assignAccount: (call, { id, body }) => assignAccount(call, id, body),
  resolveEvent: (call, { id, body }) => closeOrReopenEvent(call, id, "resolve", body),
  reopenEvent: (call, { id, body }) => closeOrReopenEvent(call, id, "reopen", body),
  showEvent: (call, { id }) => showEvent(call, id),
  startReconciliation: (call, { body }) => startReconciliation(call, body),
  listReconciliations: (call, { query }) => listReconciliations(call, query.limit),
  cancelReconciliation: (call, { id }) => cancelReconciliation(call, id),
  confirmReconciliation: (call, { id, body }) => confirmReconciliation(call, id, body),
  acceptDifference: (call, { id, body }) => acceptDifference(call, id, body),
  deliverMoney: (call, { id, body }) => deliverMoney(call, id, body),
  showReconciliation: (call, { id, query: { format, cursor = null } }) =>
    format === "csv" ? reconciliationCsv(call, id) : showReconciliation(call, id, cursor),
  confirmSetting: (call, { body }) => confirmSetting(call, body),
  stats: readStatistics,
  metrics: async (call) => {
    const statistics = await readStatistics(call);
    if (!statistics.ok) return statistics;
    const type = "text/plain; version=0.0.4; charset=utf-8";
    return text(call.requestId, metricsOf(statistics.value), { "content-type": type });
  },
};

export async function reconciliationCsv(
  call: OperatorCall,
  id: string,
): Promise<Response | Result<never, Failure>> {
  const csv = await exportReconciliation(call, id);
  if (!csv.ok) return csv;
  return text(call.requestId, csv.value, {
    "content-type": "text/csv; charset=utf-8",
    "content-disposition": `attachment; filename="reconciliation-${id}.csv"`,
  });
}

let document: unknown = null;

/**
 * Open to all: it says nothing that the documentation does not. Loaded and made on demand: an event pays
 * nothing for it.
 */
async function readDocument(): Promise<Handled> {
  if (document === null) {
    const { openApiDocument } = await import("./openapi/document.ts");
    document = openApiDocument();
  }
  return { ok: true, value: document };
}
