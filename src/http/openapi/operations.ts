/** What the document says of each route besides what the table of routes does. */
import { z } from "zod";
import { eventIdSchema } from "../../event-id.ts";
import { deliveryAnswerSchema } from "../../event/delivery-answer.ts";
import { eventStateSchema } from "../../event/event-state.ts";
import { confirmedSettingsSchema } from "../../operators/confirm-setting.ts";
import { moneyDeliverySchema } from "../../operators/deliver-money.ts";
import { eventListSchema } from "../../operators/events.ts";
import { forwardingRetrySchema, retryEventsReportSchema } from "../../operators/retry-events.ts";
import { statisticsSchema } from "../../operators/statistics-schema.ts";
import {
  listedDifferenceSchema,
  reportSchema,
  runListSchema,
  runViewSchema,
} from "../../reconciler/report-schema.ts";
import { healthSchema, welcomeSchema } from "../info.ts";
import type { RouteName } from "../routes.ts";
import type { FailureKind } from "./failures.ts";

export interface Operation {
  readonly description?: string;
  readonly headers?: z.ZodObject;
  readonly body?: {
    readonly description: string;
    readonly required: boolean;
    /** Only where the handler checks the body itself. */
    readonly schema?: z.ZodType;
  };
  /** Of success; null: a WebSocket. */
  readonly answer: { readonly description: string; readonly type: string; readonly schema: z.ZodType } | null;
  /** Another form of the same, if there is one. */
  readonly alternative?: { readonly type: string; readonly schema: z.ZodType };
  /** Besides those that follow from what the route takes, and from whom it lets in. */
  readonly failures?: readonly FailureKind[];
}

const JSON_TYPE = "application/json";
const json = (schema: z.ZodType, description: string) => ({ description, type: JSON_TYPE, schema });
const required = (description: string) => ({ description, required: true });

export const OPERATIONS: { readonly [Name in RouteName]: Operation } = {
  welcome: { answer: json(welcomeSchema, "What runs here, and where to go.") },
  health: {
    description:
      "With an operator's key it also says how long ago the cron swept, and fails once that is more than 20 minutes; which settings are stored; and it asks Stripe what the API key may read, for at most 5 s.",
    answer: json(healthSchema, "Complete."),
    failures: ["dependency_not_configured", "sweep_overdue", "event_object_unavailable"],
  },
  document: { answer: json(z.record(z.string(), z.unknown()), "This document.") },
  webhook: {
    description:
      "The header's form and time are checked before the body is read, and the raw body is verified before it is parsed. A 200 means that nothing more is to come; Stripe sends again after anything else. A replay gets the first answer again, with `deduped: true`.",
    headers: z.object({
      "stripe-signature": z.string().meta({ description: "`t=…,v1=…`, over the raw body." }),
    }),
    body: {
      ...required("At most `WEBHOOK_BODY_MAX_KIB`, 256 KiB unless set."),
      schema: z
        .looseObject({
          id: eventIdSchema,
          type: z.string(),
          livemode: z.boolean(),
          data: z.looseObject({ object: z.looseObject({}) }),
        })
        .meta({ description: "A Stripe v1 event, as Stripe sends it; the rest depends on its type." }),
    },
    answer: json(deliveryAnswerSchema, "Forwarded, ignored, or kept for an operator."),
    failures: [
      "dependency_not_configured",
      "invalid_request",
      "payload_too_large",
      "signature_invalid",
      "thin_event_unsupported",
      "livemode_mismatch",
      "event_conflict",
      "ledger_ingest_failed",
      "event_object_unavailable",
    ],
  },
  retryForwarding: {
    description:
      "With `force` also those that failed for good. An event that is final counts as attempted 0: nothing is ever settled twice.",
    body: required("Without `event_id`: all that are due, up to `limit`."),
    answer: json(forwardingRetrySchema, "What came of it."),
    failures: ["event_not_found"],
  },
  listEvents: { answer: json(eventListSchema, "A page. Events that arrive during a walk shift nothing.") },
  retryEvents: {
    body: required("With `dry_run` nothing is touched."),
    answer: json(retryEventsReportSchema, "How much matched, and what came of each event that was tried."),
  },
  watchEvent: {
    description:
      "A session of the console opens it too, from a page of the same origin. Each message is an EventState. What is sent is not read.",
    headers: z.object({ upgrade: z.literal("websocket") }),
    answer: null,
    failures: ["event_not_found"],
  },
  retryEvent: {
    body: { description: "Who asks, and why; kept with the event.", required: false },
    answer: json(eventStateSchema, "The event after the attempt, whatever came of it."),
    failures: ["event_not_found", "invalid_state"],
  },
  assignAccount: {
    description:
      "Only while nobody could tell whose money it is, and nothing was sent. Whatever failed of the same payment is tried again after the answer.",
    body: required("Whose money it is, who says so, and why; kept with the event."),
    answer: json(eventStateSchema, "The event after one attempt, whatever came of it."),
    failures: ["event_not_found", "invalid_state", "account_unknown", "ledger_unavailable"],
  },
  resolveEvent: {
    body: required("Who closes it, and why; kept with the event."),
    answer: json(eventStateSchema, "The event, closed."),
    failures: ["event_not_found", "invalid_state"],
  },
  reopenEvent: {
    description:
      "It is `failed` again, as it was, and its movement is open. Nothing is tried before a retry.",
    body: required("Who opens it again, and why; kept with the event."),
    answer: json(eventStateSchema, "The event, failed."),
    failures: ["event_not_found", "invalid_state"],
  },
  showEvent: { answer: json(eventStateSchema, "The event."), failures: ["event_not_found"] },
  startReconciliation: {
    description:
      "It goes on by itself, one at a time and page by page. With `dry_run` nothing is delivered and nothing is woken. `from` may not be older than what Stripe lists and the retention keeps.",
    body: required("The window: `from` inclusive, `to` exclusive."),
    answer: json(reportSchema, "Begun, or waiting for its turn."),
    failures: ["too_many_runs"],
  },
  listReconciliations: { answer: json(runListSchema, "Those that are kept.") },
  cancelReconciliation: {
    answer: json(runViewSchema, "As it is then. One that is over stays as it was."),
    failures: ["reconciliation_not_found"],
  },
  confirmReconciliation: {
    description:
      "Until an account is pinned, hourly runs only report. A run whose key is of another account, or of another mode, ends before anything is delivered. An operator's own run without `dry_run` pins too.",
    body: required("Who confirms that this is the right account."),
    answer: json(runViewSchema, "The run, whose account is pinned."),
    failures: ["reconciliation_not_found", "not_confirmable"],
  },
  acceptDifference: {
    description:
      "Later runs count it apart and list it as accepted, and it does not hold the watermark. Another difference of the same money is found as ever. The report of a run that is over stays as it was counted.",
    body: required("Which difference, who accepts it, and why. With `undo` it is a finding again."),
    answer: json(listedDifferenceSchema, "The difference, as it is accepted now."),
    failures: ["reconciliation_not_found", "difference_not_found", "not_acceptable"],
  },
  deliverMoney: {
    description:
      "For a difference of the kind `money_without_event`. The object behind the balance transaction is asked of Stripe, and an event is made of it, whose id comes from the transaction. What the mapping makes of it must be what the audit expects, else nothing is sent. Sent twice, or followed by Stripe's own event, it is booked once.",
    body: required("Which difference, who sends it, and why."),
    answer: json(moneyDeliverySchema, "What was or would be sent; and the event, if it was."),
    failures: ["reconciliation_not_found", "difference_not_found", "not_deliverable", "stripe_unavailable"],
  },
  showReconciliation: {
    answer: json(reportSchema, "With `format=csv` all of it, else page by page."),
    alternative: { type: "text/csv; charset=utf-8", schema: z.string() },
    failures: ["reconciliation_not_found"],
  },
  confirmSetting: {
    description:
      "Needed for `LEDGER_BASE_URL` alone, once the new address is deployed: until then everything else is 503. The ledger there must hold the settlements that were forwarded last, as they were forwarded.",
    body: required("Which setting, who confirms it, and how they know."),
    answer: json(confirmedSettingsSchema, "The settings as they are stored now."),
    failures: ["not_confirmable", "ledger_unavailable"],
  },
  stats: { answer: json(statisticsSchema, "Over all shards.") },
  metrics: {
    answer: {
      description: "Text exposition format 0.0.4.",
      type: "text/plain; version=0.0.4; charset=utf-8",
      schema: z.string(),
    },
  },
};
