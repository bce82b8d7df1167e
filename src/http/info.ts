/** What this is, and whether it is ready. */
import { z } from "zod";
import { version } from "../../package.json";
import { loadConfig } from "../config.ts";
import type { Failure } from "../errors.ts";
import { readiness } from "../readiness.ts";
import type { Result } from "../result.ts";
import { ROUTES } from "./routes.ts";

const SERVICE = "clawsettle";

export const healthSchema = z.strictObject({
  status: z.literal("ok"),
  service: z.string(),
  version: z.string(),
  settle_env: z.enum(["staging", "production"]),
});

export function health(env: object): Result<z.infer<typeof healthSchema>, Failure> {
  const { missing, invalid } = readiness(env);
  const configured = loadConfig(env);
  if (!configured.ok || missing.length > 0) {
    return { ok: false, failure: { kind: "dependency_not_configured", missing, invalid } };
  }
  const { settleEnv } = configured.config;
  return { ok: true, value: { status: "ok", service: SERVICE, version, settle_env: settleEnv } };
}

export const welcomeSchema = z.strictObject({
  service: z.string(),
  version: z.string(),
  what: z.string(),
  routes: z.record(z.string(), z.string()),
});

export function welcome(): Result<z.infer<typeof welcomeSchema>, never> {
  const routes = Object.values(ROUTES).map(({ method, path, access, summary }) => [
    `${method} ${path}`,
    `${summary}${access === "operator" || access === "watcher" ? " Operators only." : ""}`,
  ]);
  return {
    ok: true,
    value: {
      service: SERVICE,
      version,
      what: "Turns Stripe webhook events into ledger settlements, each exactly once.",
      routes: { ...Object.fromEntries(routes), "GET /console": "The operators' pages." },
    },
  };
}
