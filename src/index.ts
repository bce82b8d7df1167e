/** The entry: requests, the cron, and the Durable Objects that the platform must find here. */
import { createApp } from "./app.ts";
import { runScheduled } from "./cron/scheduled.ts";
import { isWebhook, takeWebhook } from "./http/webhook.ts";

export { EventIndex } from "./event-index/event-index.ts";
export { StripeEventObject } from "./event/stripe-event-object.ts";
export { AccountLane } from "./ledger/account-lane.ts";
export { Reconciler } from "./reconciler/reconciler.ts";
export { StoredSettings } from "./stored-settings/stored-settings.ts";

const app = createApp();

export default {
  fetch: (request, env, ctx) =>
    isWebhook(request) ? takeWebhook(request, env, ctx) : app.fetch(request, env, ctx),
  scheduled: (_controller, env) => runScheduled(env),
} satisfies ExportedHandler<Env>;
