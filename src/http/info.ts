/** What this is, and whether it is ready. */
import { version } from "../../package.json";
import { loadConfig, operatorKeys } from "../config.ts";
import { fail, json } from "./respond.ts";

const SERVICE = "clawsettle";

export interface Readiness {
  readonly missing: readonly string[];
  readonly invalid: readonly string[];
}

/** The webhook works without an operator key, but nobody could see what failed: that is not ready. */
export function readiness(env: object): Readiness {
  const configured = loadConfig(env);
  const missing = configured.ok ? [] : configured.missing;
  const invalid = configured.ok ? [] : configured.invalid;
  return operatorKeys(env).adminKey === null
    ? { missing: [...missing, "SETTLE_ADMIN_KEY"], invalid }
    : { missing, invalid };
}

export function health(env: object, requestId: string): Response {
  const { missing, invalid } = readiness(env);
  const configured = loadConfig(env);
  if (!configured.ok || missing.length > 0) {
    return fail(requestId, { kind: "dependency_not_configured", missing, invalid });
  }
  const { settleEnv } = configured.config;
  return json(requestId, 200, { status: "ok", service: SERVICE, version, settle_env: settleEnv });
}

export function welcome(requestId: string): Response {
  return json(requestId, 200, {
    service: SERVICE,
    version,
    what: "Turns Stripe webhook events into ledger settlements, each exactly once.",
    routes: {
      "POST /v1/stripe/webhook": "Stripe delivers here.",
      "GET /console": "The operators' pages.",
      "GET /health": "Whether the configuration is complete.",
      "GET /v1/admin/events": "Events, newest first, by filter. Operators only.",
      "POST /v1/admin/events/retry": "Retry many by filter, or see what that would be. Operators only.",
      "GET /v1/admin/events/{event_id}": "One event's whole state. Operators only.",
      "POST /v1/admin/events/{event_id}/retry": "One attempt now. Operators only.",
      "POST /v1/admin/events/{event_id}/resolve": "Close a failed event. Operators only.",
      "GET /v1/admin/events/{event_id}/watch": "A WebSocket with each change of an event. Operators only.",
      "GET /v1/admin/stats": "What is open, how much, since when. Operators only.",
      "POST /v1/stripe/forwarding/retry": "Retry one by event_id, or all that are due. Operators only.",
      "GET /metrics": "The statistics for Prometheus. Operators only.",
    },
  });
}
