/** What this is, and whether it is ready. */
import { z } from "zod";
import { version } from "../../package.json";
import type { Failure } from "../errors.ts";
import { readSweepMark } from "../event-index/queries.ts";
import { isSweepOverdue, sweepAgeSeconds } from "../event-index/sweep-age.ts";
import { askIndex, notConfigured } from "../operators/operator-call.ts";
import { readSettings, settingSchema } from "../operators/settings.ts";
import { readiness } from "../readiness.ts";
import type { Result } from "../result.ts";
import { acceptedConfig } from "../stored-settings/accepted-config.ts";
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
  settings: z.array(settingSchema).readonly().optional().meta({
    description:
      "Those that change the meaning of what is stored: their values, since when, and what they were before. Only with an operator's key.",
  }),
  stripe_api: stripePermissionsSchema
    .optional()
    .meta({ description: "What STRIPE_API_KEY may read. Only with an operator's key, and if there is one." }),
});

type Health = Result<z.infer<typeof healthSchema>, Failure>;

/**
 * Open to all, so only an operator's key makes it ask anybody, but for the stored settings, once per isolate.
 */
export async function health(call: Incoming): Promise<Health> {
  const { request, env } = call;
  const accepted = await acceptedConfig(env);
  const { missing, invalid } = readiness(env, accepted);
  const isOperator = (await refuseOperator(request, env)) === null;
  if (!accepted.ok || missing.length + invalid.length > 0) {
    const refused = isOperator && !accepted.ok ? accepted.refused : [];
    return { ok: false, failure: notConfigured({ missing, invalid, refused }) };
  }
  const { settleEnv, stripeApi } = accepted.config;
  const value = { status: "ok", service: SERVICE, version, settle_env: settleEnv } as const;
  if (!isOperator) return { ok: true, value };
  const now = Date.now();
  const [mark, settings] = await Promise.all([
    askIndex(call, (index) => readSweepMark(index, now)),
    readSettings(call),
  ]);
  if (!mark.ok) return mark;
  if (!settings.ok) return settings;
  const last_sweep_age_seconds = sweepAgeSeconds(mark.value.swept_at, now);
  if (isSweepOverdue(mark.value, now)) {
    return { ok: false, failure: { kind: "sweep_overdue", last_sweep_age_seconds } };
  }
  const detailed = { ...value, last_sweep_age_seconds, settings: settings.value };
  if (stripeApi === null) return { ok: true, value: detailed };
  const stripe_api = await checkStripePermissions({ ...stripeApi, timeoutMs: STRIPE_TIMEOUT_MS });
  return { ok: true, value: { ...detailed, stripe_api } };
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
