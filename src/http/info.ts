/** What this is, and whether it is ready. */
import { z } from "zod";
import { version } from "../../package.json";
import { loadConfig } from "../config.ts";
import type { Failure } from "../errors.ts";
import { readSweepMark } from "../event-index/queries.ts";
import { isSweepOverdue, sweepAgeSeconds } from "../event-index/sweep-age.ts";
import { askIndex } from "../operators/operator-call.ts";
import { readiness } from "../readiness.ts";
import type { Result } from "../result.ts";
import { checkStripePermissions, stripePermissionsSchema } from "../stripe-api/permissions.ts";
import { countSchema } from "../wire-schemas.ts";
import { refuseOperator } from "./auth.ts";
import type { Incoming } from "./input.ts";
import { ROUTES } from "./routes.ts";

const SERVICE = "clawsettle";
const STRIPE_TIMEOUT_MS = 5_000;

export const healthSchema = z.strictObject({
  status: z.literal("ok"),
  service: z.string(),
  version: z.string(),
  settle_env: z.enum(["staging", "production"]),
  last_sweep_age_seconds: countSchema.nullable().optional().meta({
    description: "Since the cron last woke what was overdue; null: not yet. Only with an operator's key.",
  }),
  stripe_api: stripePermissionsSchema
    .optional()
    .meta({ description: "What STRIPE_API_KEY may read. Only with an operator's key, and if there is one." }),
});

type Health = Result<z.infer<typeof healthSchema>, Failure>;

/** Open to all, so only an operator's key makes it ask anybody. */
export async function health(call: Incoming): Promise<Health> {
  const { request, env } = call;
  const { missing, invalid } = readiness(env);
  const configured = loadConfig(env);
  if (!configured.ok || missing.length + invalid.length > 0) {
    return { ok: false, failure: { kind: "dependency_not_configured", missing, invalid } };
  }
  const { settleEnv, stripeApi } = configured.config;
  const value = { status: "ok", service: SERVICE, version, settle_env: settleEnv } as const;
  if ((await refuseOperator(request, env)) !== null) return { ok: true, value };
  const now = Date.now();
  const mark = await askIndex(call, (index) => readSweepMark(index, now));
  if (!mark.ok) return mark;
  const last_sweep_age_seconds = sweepAgeSeconds(mark.value.swept_at, now);
  if (isSweepOverdue(mark.value, now)) {
    return { ok: false, failure: { kind: "sweep_overdue", last_sweep_age_seconds } };
  }
  const swept = { ...value, last_sweep_age_seconds };
  if (stripeApi === null) return { ok: true, value: swept };
  const stripe_api = await checkStripePermissions({ ...stripeApi, timeoutMs: STRIPE_TIMEOUT_MS });
  return { ok: true, value: { ...swept, stripe_api } };
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
