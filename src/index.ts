/** The entry: requests, the cron, and the Durable Objects that the platform must find here. */
import { raiseAlerts } from "./cron/alerts.ts";
import { createApp } from "./app.ts";
import { loadConfig, weakOperatorKeys } from "./config.ts";
import { sweep } from "./cron/sweep.ts";
import { readiness } from "./http/info.ts";
import { isWebhook, takeWebhook } from "./http/webhook.ts";
import { log } from "./log.ts";
import { tickReconciler } from "./reconciler/call-reconciler.ts";

export { EventIndex } from "./event-index/event-index.ts";
export { StripeEventObject } from "./event/stripe-event-object.ts";
export { AccountLane } from "./ledger/account-lane.ts";
export { Reconciler } from "./reconciler/reconciler.ts";

const app = createApp();

export default {
  fetch: (request, env, ctx) =>
    isWebhook(request) ? takeWebhook(request, env) : app.fetch(request, env, ctx),
  async scheduled(_controller, env) {
    // A deployment that lost a secret says so by itself, before Stripe's next event does.
    const { missing, invalid } = readiness(env);
    if (missing.length + invalid.length > 0) {
      log("error", { msg: "unconfigured", missing: missing.join(","), invalid: invalid.join(",") });
    }
    const weak = weakOperatorKeys(env);
    if (weak.length > 0) log("warn", { msg: "weak_keys", names: weak.join(",") });
    const configured = loadConfig(env);
    if (!configured.ok) return;
    const { config } = configured;
    await Promise.all([
      // Alerts after the sweep: what it has just rescued needs nobody.
      sweep(env, config).then(() => raiseAlerts(env, config)),
      tickReconciler(env, config),
    ]);
  },
} satisfies ExportedHandler<Env>;
