/** What each route takes and answers. The schemas of requests are those that check them. */
import { z } from "zod";
import { eventIdSchema } from "../../event-id.ts";
import { listQuery } from "../admin/filter.ts";
import { bulkRetryBody, forwardingRetryBody, resolveBody, retryBody } from "../admin/request.ts";
import type { RouteName } from "../routes.ts";
import {
  listRunsQuery,
  reconciliationBody,
  reportQuery,
  runIdSchema,
} from "../admin/reconciliation-request.ts";
import * as reconciliation from "./reconciliation-answers.ts";
import * as answers from "./answers.ts";
import type { FailureKind } from "./failures.ts";

export interface Operation {
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly params?: z.ZodObject;
  readonly body?: { readonly schema: z.ZodType; readonly required: boolean; readonly description: string };
  readonly headers?: z.ZodObject;
  /** Of success. */
  readonly status: 200 | 202 | 101;
  readonly answer: { readonly description: string; readonly type: string; readonly schema: z.ZodType } | null;
  /** Another form of the same, if there is one. */
  readonly alternative?: { readonly type: string; readonly schema: z.ZodType };
  /** Besides those of every route that asks for a key. */
  readonly failures: readonly FailureKind[];
}

const JSON_TYPE = "application/json";
const json = (schema: z.ZodType, description: string) => ({ description, type: JSON_TYPE, schema });
const required = (schema: z.ZodType, description: string) => ({ schema, required: true, description });

const event = z.object({ event_id: eventIdSchema.meta({ description: "Stripe's id of the event." }) });

const run = z.object({ id: runIdSchema.meta({ description: "The reconciliation's id." }) });

/** A body that is checked can be malformed, or too large. */
const OF_A_BODY = ["invalid_request", "payload_too_large"] as const;
const OF_OBJECTS = ["event_object_unavailable"] as const;

export const OPERATIONS: { readonly [Name in RouteName]: Operation } = {
  welcome: { status: 200, answer: json(answers.Welcome, "What runs here, and where to go."), failures: [] },
  health: {
    status: 200,
    answer: json(answers.Health, "Complete."),
    failures: ["dependency_not_configured"],
  },
  document: {
    status: 200,
    answer: json(z.record(z.string(), z.unknown()), "This document."),
    failures: [],
  },
  webhook: {
    description:
      "The raw body is verified before it is parsed. A 200 means that nothing more is to come; Stripe sends again after anything else. A replay gets the first answer again, with `deduped: true`.",
    headers: z.object({
      "stripe-signature": z.string().meta({ description: "`t=…,v1=…`, over the raw body." }),
    }),
    body: required(
      z
        .looseObject({
          id: eventIdSchema,
          type: z.string(),
          livemode: z.boolean(),
          data: z.looseObject({ object: z.looseObject({}) }),
        })
        .meta({ description: "A Stripe v1 event, as Stripe sends it; the rest depends on its type." }),
      "At most 1 MiB.",
    ),
    status: 200,
    answer: json(answers.DeliveryAnswer, "Forwarded, ignored, or kept for an operator."),
    failures: [
      "dependency_not_configured",
      ...OF_A_BODY,
      "signature_invalid",
      "thin_event_unsupported",
      "livemode_mismatch",
      "event_conflict",
      "ledger_ingest_failed",
      ...OF_OBJECTS,
    ],
  },
  retryForwarding: {
    description:
      "With `force` also those that failed for good. An event that is final counts as attempted 0: nothing is ever settled twice.",
    body: required(forwardingRetryBody, "Without `event_id`: all that are due, up to `limit`."),
    status: 200,
    answer: json(answers.ForwardingRetry, "What came of it."),
    failures: [...OF_A_BODY, "event_not_found", ...OF_OBJECTS],
  },
  listEvents: {
    query: listQuery,
    status: 200,
    answer: json(answers.EventList, "A page. Events that arrive during a walk shift nothing."),
    failures: ["invalid_request", ...OF_OBJECTS],
  },
  retryEvents: {
    body: required(bulkRetryBody, "With `dry_run` nothing is touched."),
    status: 200,
    answer: json(answers.BulkRetryReport, "How much matched, and what came of each event that was tried."),
    failures: [...OF_A_BODY, ...OF_OBJECTS],
  },
  watchEvent: {
    description:
      "A session of the console opens it too, from a page of the same origin. Each message is an EventState. What is sent is not read.",
    params: event,
    headers: z.object({ upgrade: z.literal("websocket") }),
    status: 101,
    answer: null,
    failures: ["invalid_request", "event_not_found", ...OF_OBJECTS],
  },
  retryEvent: {
    params: event,
    body: { schema: retryBody, required: false, description: "Who asks, and why; kept with the event." },
    status: 200,
    answer: json(answers.EventState, "The event after the attempt, whatever came of it."),
    failures: [...OF_A_BODY, "event_not_found", "invalid_state", ...OF_OBJECTS],
  },
  resolveEvent: {
    params: event,
    body: required(resolveBody, "Who closes it, and why; kept with the event."),
    status: 200,
    answer: json(answers.EventState, "The event, closed."),
    failures: [...OF_A_BODY, "event_not_found", "invalid_state", ...OF_OBJECTS],
  },
  showEvent: {
    params: event,
    status: 200,
    answer: json(answers.EventState, "The event."),
    failures: ["invalid_request", "event_not_found", ...OF_OBJECTS],
  },
  startReconciliation: {
    description:
      "It goes on by itself, one at a time and page by page. With `dry_run` nothing is delivered and nothing is woken. `from` may not be older than what Stripe lists and the retention keeps.",
    body: required(reconciliationBody, "The window: `from` inclusive, `to` exclusive."),
    status: 202,
    answer: json(reconciliation.ReconciliationReport, "Begun, or waiting for its turn."),
    failures: [...OF_A_BODY, "too_many_runs", ...OF_OBJECTS],
  },
  listReconciliations: {
    query: listRunsQuery,
    status: 200,
    answer: json(reconciliation.ReconciliationList, "Those that are kept."),
    failures: ["invalid_request", ...OF_OBJECTS],
  },
  cancelReconciliation: {
    params: run,
    status: 200,
    answer: json(reconciliation.Reconciliation, "As it is then. One that is over stays as it was."),
    failures: ["invalid_request", "reconciliation_not_found", ...OF_OBJECTS],
  },
  showReconciliation: {
    params: run,
    query: reportQuery,
    status: 200,
    answer: json(reconciliation.ReconciliationReport, "With `format=csv` all of it, else page by page."),
    alternative: { type: "text/csv; charset=utf-8", schema: z.string() },
    failures: ["invalid_request", "reconciliation_not_found", ...OF_OBJECTS],
  },
  stats: { status: 200, answer: json(answers.StatsAnswer, "Over all shards."), failures: OF_OBJECTS },
  metrics: {
    status: 200,
    answer: {
      description: "Text exposition format 0.0.4.",
      type: "text/plain; version=0.0.4; charset=utf-8",
      schema: z.string(),
    },
    failures: OF_OBJECTS,
  },
};
