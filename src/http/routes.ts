/**
 * Every route but the console's pages, once: the app is made of this table, and so are the document at
 * `/openapi.json` and the list at `/`. A route that is not listed here does not exist, and none can be listed
 * without saying whom it lets in.
 *
 * The order matters: a path that could be taken for a parameter of another comes before it.
 */
import { z } from "zod";
import { eventIdSchema } from "../event-id.ts";
import {
  acceptDifferenceRequest,
  assignAccountRequest,
  closeOrReopenRequest,
  confirmReconciliationRequest,
  confirmSettingRequest,
  deliverMoneyRequest,
  retryEventRequest,
  retryEventsRequest,
  retryForwardingRequest,
  startReconciliationRequest,
} from "../operators/requests.ts";
import { listEventsQuery, listReconciliationsQuery, showReconciliationQuery } from "./queries.ts";

export interface Route {
  readonly method: "GET" | "POST";
  /** With at most one parameter, written as OpenAPI does. */
  readonly path: string;
  /**
   * `operator`: with an operator's key, a read key for GET alone. `watcher`: that, or a session of the
   * console. `stripe`: signed.
   */
  readonly access: "open" | "stripe" | "operator" | "watcher";
  readonly summary: string;
  /** Of success, where it is not 200. */
  readonly status?: 101 | 202;
  /** What it takes: each part is checked before the route's handler is called. */
  readonly id?: z.ZodType<string>;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
}

const EVENTS = "/v1/admin/events";
const EVENT = `${EVENTS}/{event_id}`;
const RECONCILIATIONS = "/v1/admin/reconciliations";
const RECONCILIATION = `${RECONCILIATIONS}/{id}`;

const eventId = eventIdSchema.meta({ description: "Stripe's id of the event." });
export const runIdSchema = z
  .string()
  .regex(/^rec_[0-9a-f]{32}$/)
  .meta({ description: "The reconciliation's id." });

export const ROUTES = {
  welcome: { method: "GET", path: "/", access: "open", summary: "What this is." },
  health: {
    method: "GET",
    path: "/health",
    access: "open",
    summary: "Whether the configuration is complete.",
  },
  document: {
    method: "GET",
    path: "/openapi.json",
    access: "open",
    summary: "This interface, as OpenAPI 3.1.",
  },
  webhook: { method: "POST", path: "/v1/stripe/webhook", access: "stripe", summary: "Stripe delivers here." },
  retryForwarding: {
    method: "POST",
    path: "/v1/stripe/forwarding/retry",
    access: "operator",
    summary: "Retry one event by its id, or all that are due.",
    body: retryForwardingRequest,
  },
  listEvents: {
    method: "GET",
    path: EVENTS,
    access: "operator",
    summary: "Events, newest first, by filter.",
    query: listEventsQuery,
  },
  retryEvents: {
    method: "POST",
    path: `${EVENTS}/retry`,
    access: "operator",
    summary: "Retry many by filter, or see what that would be.",
    body: retryEventsRequest,
  },
  watchEvent: {
    method: "GET",
    path: `${EVENT}/watch`,
    access: "watcher",
    summary: "A WebSocket with an event's state now, and each change.",
    status: 101,
    id: eventId,
  },
  retryEvent: {
    method: "POST",
    path: `${EVENT}/retry`,
    access: "operator",
    summary: "One attempt now.",
    id: eventId,
    body: retryEventRequest,
  },
  assignAccount: {
    method: "POST",
    path: `${EVENT}/assign`,
    access: "operator",
    summary: "Name the account of a payment of which nobody knows whose it is.",
    id: eventId,
    body: assignAccountRequest,
  },
  resolveEvent: {
    method: "POST",
    path: `${EVENT}/resolve`,
    access: "operator",
    summary: "Close a failed event, and its movement of money.",
    id: eventId,
    body: closeOrReopenRequest,
  },
  reopenEvent: {
    method: "POST",
    path: `${EVENT}/reopen`,
    access: "operator",
    summary: "Open an event again that was closed by mistake.",
    id: eventId,
    body: closeOrReopenRequest,
  },
  showEvent: {
    method: "GET",
    path: EVENT,
    access: "operator",
    summary: "One event's whole state.",
    id: eventId,
  },
  startReconciliation: {
    method: "POST",
    path: RECONCILIATIONS,
    access: "operator",
    summary: "Compare a window of time with Stripe and with the ledger, and deliver what is missing.",
    status: 202,
    body: startReconciliationRequest,
  },
  listReconciliations: {
    method: "GET",
    path: RECONCILIATIONS,
    access: "operator",
    summary: "Reconciliations, newest first, and up to when everything is complete.",
    query: listReconciliationsQuery,
  },
  cancelReconciliation: {
    method: "POST",
    path: `${RECONCILIATION}/cancel`,
    access: "operator",
    summary: "End a reconciliation between two of its steps.",
    id: runIdSchema,
  },
  confirmReconciliation: {
    method: "POST",
    path: `${RECONCILIATION}/confirm`,
    access: "operator",
    summary: "Pin the Stripe account of a dry run: its money is what is settled here.",
    id: runIdSchema,
    body: confirmReconciliationRequest,
  },
  acceptDifference: {
    method: "POST",
    path: `${RECONCILIATION}/accept`,
    access: "operator",
    summary: "Accept a difference that a reconciliation has found, or take that back.",
    id: runIdSchema,
    body: acceptDifferenceRequest,
  },
  deliverMoney: {
    method: "POST",
    path: `${RECONCILIATION}/deliver`,
    access: "operator",
    summary: "Have money booked of which Stripe made no event, or see what that would be.",
    id: runIdSchema,
    body: deliverMoneyRequest,
  },
  showReconciliation: {
    method: "GET",
    path: RECONCILIATION,
    access: "operator",
    summary: "One reconciliation: progress, sums, differences.",
    id: runIdSchema,
    query: showReconciliationQuery,
  },
  confirmSetting: {
    method: "POST",
    path: "/v1/admin/settings/confirm",
    access: "operator",
    summary: "Confirm that a changed address of the ledger leads to the same ledger.",
    body: confirmSettingRequest,
  },
  stats: {
    method: "GET",
    path: "/v1/admin/stats",
    access: "operator",
    summary: "What is open, how much, since when.",
  },
  metrics: { method: "GET", path: "/metrics", access: "operator", summary: "The statistics for Prometheus." },
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof ROUTES;

export const ROUTE_NAMES = Object.keys(ROUTES) as RouteName[];
