/** What this is, and whether it is ready. */
import { z } from "zod";
import { version } from "../../package.json";
import { loadConfig } from "../config.ts";
import type { Failure } from "../errors.ts";
import { readiness } from "../readiness.ts";
import type { Result } from "../result.ts";
import { checkStripePermissions, stripePermissionsSchema } from "../stripe-api/permissions.ts";
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
  stripe_api: stripePermissionsSchema
    .optional()
    .meta({ description: "What STRIPE_API_KEY may read. Only with an operator's key, and if there is one." }),
});

/** Open to all, so only an operator's key makes it send requests. */
export async function health({
  request,
  env,
}: Incoming): Promise<Result<z.infer<typeof healthSchema>, Failure>> {
  const { missing, invalid } = readiness(env);
  const configured = loadConfig(env);
  if (!configured.ok || missing.length > 0) {
    return { ok: false, failure: { kind: "dependency_not_configured", missing, invalid } };
  }
  const { settleEnv, stripeApi } = configured.config;
  const value = { status: "ok", service: SERVICE, version, settle_env: settleEnv } as const;
  if (stripeApi === null || (await refuseOperator(request, env)) !== null) return { ok: true, value };
  const stripe_api = await checkStripePermissions({ ...stripeApi, timeoutMs: STRIPE_TIMEOUT_MS });
  return { ok: true, value: { ...value, stripe_api } };
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
