/** Every setting: its name, how it may be written, and its default. Pure. */
import { z } from "zod";
import { isLoopback } from "./loopback.ts";

export const text = z.string().trim().min(1);
const integer = (min: number, max: number) =>
  z
    .string()
    .trim()
    .regex(/^[0-9]{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

/** Comma-separated. */
const list = (item: z.ZodType<string, string>, max: number) =>
  text
    .transform((value) => value.split(",").flatMap((each) => each.trim() || []))
    .pipe(z.array(item).min(1).max(max));

/**
 * As Stripe makes them. Whoever guesses one can forge events, and a text that somebody typed in for the
 * time being is guessed sooner or later.
 */
const signingSecrets = (minLength: number) =>
  list(z.string().regex(new RegExp(`^whsec_.{${minLength},}$`)), 10);

const flag = z.enum(["true", "false"]).transform((value) => value === "true");

/** What a service binding looks like from here. A text under its name is a mistake in the configuration. */
export const serviceBinding = z.custom<Fetcher>(
  (value) => typeof (value as { fetch?: unknown } | null)?.fetch === "function",
);

const safeUrl = text.refine(isSafeUrl);
const safeBaseUrl = text.refine(isSafeBaseUrl);
const safeOrigin = text.refine(isSafeOrigin);

/** As the platform names them. */
export const jurisdiction = z.enum(["eu", "us", "fedramp", "fedramp-high"]);

/** After `whsec_`. Stripe's own have 32 characters or more. */
const PRODUCTION_SIGNING_SECRET_MIN_LENGTH = 24;

/** Upper bounds keep a typing error from becoming a policy: a timeout of hours, a retry in years. */
export const envSchema = z.object({
  SETTLE_ENV: z.enum(["staging", "production"]),
  DATA_JURISDICTION: jurisdiction.optional(),
  STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD: flag.default(false),
  STRIPE_WEBHOOK_SIGNING_SECRET: signingSecrets(1),
  STRIPE_SIGNATURE_TOLERANCE_SECONDS: integer(1, 86_400).default(300),
  /** Stripe's events are some kilobytes; none comes near the default. */
  WEBHOOK_BODY_MAX_KIB: integer(1, 1_024).default(256),
  /** Was a setting once. Whoever still has it must know that refunds come from `refund.*` alone. */
  STRIPE_REFUND_EVENTS: z.never().optional(),
  STRIPE_ACCOUNT_METADATA_KEY: z.string().trim().min(1).max(40).default("account_id"),
  STRIPE_CONNECTED_ACCOUNTS: list(z.string().regex(/^acct_[A-Za-z0-9]{1,250}$/), 1_000).default([]),
  STRIPE_API_KEY: text.optional(),
  STRIPE_API_BASE_URL: safeOrigin.default("https://api.stripe.com"),
  LEDGER_BASE_URL: safeBaseUrl,
  LEDGER_ADMIN_KEY: text,
  LEDGER: serviceBinding.optional(),
  LEDGER_TIMEOUT_MS: integer(100, 60_000).default(10_000),
  LEDGER_CURRENCIES: list(z.string().regex(/^[A-Z]{3}$/), 200).default(["USD"]),
  LEDGER_ACCOUNT_CONCURRENCY: integer(1, 64).default(1),
  LEDGER_QUIET_MS: integer(0, 300_000).default(30_000),
  FORWARDING_RETRY_BASE_SECONDS: integer(1, 86_400).default(15),
  FORWARDING_RETRY_MAX_SECONDS: integer(1, 86_400).default(3_600),
  FORWARDING_RETRY_HORIZON_HOURS: integer(1, 720).default(72),
  EVENT_RETENTION_DAYS: integer(1, 3_650).default(30),
  EVENT_INDEX_SHARDS: integer(1, 600).default(8),
  ALERT_WEBHOOK_URL: safeUrl.optional(),
  ALERT_OPEN_AGE_MINUTES: integer(1, 43_200).default(60),
  HEARTBEAT_URL: safeUrl.optional(),
});

export const productionSchema = envSchema.extend({
  STRIPE_WEBHOOK_SIGNING_SECRET: signingSecrets(PRODUCTION_SIGNING_SECRET_MIN_LENGTH),
});

/**
 * In the text, since a parsed URL does not show an empty query, in which
 * the path that we append would vanish.
 */
function isSafeBaseUrl(value: string): boolean {
  return !/[?#]/.test(value) && isSafeUrl(value);
}

/** Stripe's client takes no path before its own. */
function isSafeOrigin(value: string): boolean {
  return isSafeBaseUrl(value) && new URL(value).pathname === "/";
}

/**
 * What we send there is secret, or for operators alone: so it goes over TLS, or does not leave the machine.
 */
function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== "" || password !== "") return false;
  if (protocol === "https:") return true;
  return protocol === "http:" && isLoopback(hostname);
}
