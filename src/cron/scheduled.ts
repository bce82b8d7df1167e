/** What the cron runs, every five minutes. */
import { loadConfig } from "../config.ts";
import { log } from "../log.ts";
import { readiness, weakOperatorKeys } from "../readiness.ts";
import { tickReconciler } from "../reconciler/call-reconciler.ts";
import { sendAlerts } from "./alerts.ts";
import { sweep } from "./sweep.ts";

export async function runScheduled(env: Env): Promise<void> {
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
    sweep(env, config).then(() => sendAlerts(env, config)),
    tickReconciler(env, config),
  ]);
}
