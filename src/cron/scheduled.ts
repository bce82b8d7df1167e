/** What the cron runs, every five minutes. */
import type { Config } from "../config.ts";
import { log } from "../log.ts";
import { readiness, weakOperatorKeys } from "../readiness.ts";
import { tickReconciler } from "../reconciler/call-reconciler.ts";
import { acceptedConfig } from "../stored-settings/accepted-config.ts";
import { sendAlerts } from "./alerts.ts";
import { sendHeartbeat } from "./heartbeat.ts";
import { recordSettingChanges } from "./record-setting-changes.ts";
import { sweep } from "./sweep.ts";

export async function runScheduled(env: Env): Promise<void> {
  const accepted = await acceptedConfig(env);
  // A deployment that lost a secret says so by itself, before Stripe's next event does.
  const { missing, invalid } = readiness(env, accepted);
  if (missing.length + invalid.length > 0) {
    log("error", { msg: "unconfigured", missing: missing.join(","), invalid: invalid.join(",") });
  }
  const weak = weakOperatorKeys(env);
  if (weak.length > 0) log("warn", { msg: "weak_keys", names: weak.join(",") });
  if (!accepted.ok) return;
  const { config } = accepted;
  await Promise.all([
    sweepAndReport(env, config),
    tickReconciler(env, config),
    recordSettingChanges(env, config),
  ]);
}

/** Alerts after the sweep: what it has just rescued needs no operator. */
async function sweepAndReport(env: Env, config: Config): Promise<void> {
  const { heartbeatUrl } = config;
  const wentThrough = await sweep(env, config);
  await Promise.all([
    wentThrough && heartbeatUrl !== null ? sendHeartbeat(heartbeatUrl) : null,
    sendAlerts(env, config),
  ]);
}
