/** What this is, and whether it is ready. */
import { version } from "../../package.json";
import { loadConfig, type SettleEnv } from "../config.ts";
import { readiness } from "../readiness.ts";
import { fail, json } from "./respond.ts";
import { ROUTES } from "./routes.ts";

const SERVICE = "clawsettle";

export interface Health {
  readonly status: "ok";
  readonly service: string;
  readonly version: string;
  readonly settle_env: SettleEnv;
}

export function health(env: object, requestId: string): Response {
  const { missing, invalid } = readiness(env);
  const configured = loadConfig(env);
  if (!configured.ok || missing.length > 0) {
    return fail(requestId, { kind: "dependency_not_configured", missing, invalid });
  }
  const { settleEnv } = configured.config;
  const answer: Health = { status: "ok", service: SERVICE, version, settle_env: settleEnv };
  return json(requestId, 200, answer);
}

export interface Welcome {
  readonly service: string;
  readonly version: string;
  readonly what: string;
  readonly routes: Readonly<Record<string, string>>;
}

export function welcome(requestId: string): Response {
  const routes = Object.values(ROUTES).map(({ method, path, access, summary }) => [
    `${method} ${path}`,
    `${summary}${access === "operator" || access === "watcher" ? " Operators only." : ""}`,
  ]);
  const answer: Welcome = {
    service: SERVICE,
    version,
    what: "Turns Stripe webhook events into ledger settlements, each exactly once.",
    routes: { ...Object.fromEntries(routes), "GET /console": "The operators' pages." },
  };
  return json(requestId, 200, answer);
}
