/**
 * `Env` → checked, readonly configuration. The only file that reads environment strings.
 *
 * Fails closed: with one value missing or malformed there is no configuration, every problem is named at once, and
 * the webhook answers 503, so that Stripe keeps the event for us. Problems name variables, never values.
 */
import { z } from "zod";
import { isLoopback } from "./loopback.ts";

export type SettleEnv = "staging" | "production";

export interface Config {
  readonly settleEnv: SettleEnv;
  readonly allowTestmodeEventsInProd: boolean;
  /** Any of them may verify a delivery: while a secret is rolled, both are valid. */
  readonly signingSecrets: readonly string[];
  readonly signatureToleranceSeconds: number;
  /** The key of Stripe's metadata that names the ledger account. */
  readonly accountKey: string;
  /** Whose events are settled besides the platform's own. */
  readonly connectedAccounts: ReadonlySet<string>;
  readonly ledger: LedgerConfig;
  /** Stripe's own API, for reconciliation. null: no key, so that is off. */
  readonly stripeApi: { readonly key: string; readonly baseUrl: string } | null;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  readonly retryHorizonMs: number;
  readonly retentionMs: number;
  /** Over how many objects the index is spread. Fixed for the life of a deployment. */
  readonly indexShards: number;
  /** null: nobody is told. */
  readonly alerts: AlertConfig | null;
}

export interface LedgerConfig {
  readonly baseUrl: string;
  readonly adminKey: string;
  readonly timeoutMs: number;
  /** What its accounts hold, three capitals each. Money of other currencies waits for an operator. */
  readonly currencies: readonly string[];
  /** Requests of one account at once. More than one only for a ledger whose credits are atomic. */
  readonly accountConcurrency: number;
  /** How long a request may go on there after nobody heard of it. */
  readonly quietMs: number;
}

export interface AlertConfig {
  /** A secret: whoever knows it can write into the operators' chat. */
  readonly url: string;
  /** How long an event may be open before somebody is told. */
  readonly openAgeMs: number;
}

export interface OperatorKeys {
  readonly adminKey: string | null;
  readonly readKey: string | null;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly missing: readonly string[]; readonly invalid: readonly string[] };

/** What a service binding looks like from here. A text under its name is a mistake in the configuration. */
const serviceBinding = z.custom<Fetcher>(
  (value) => typeof (value as { fetch?: unknown } | null)?.fetch === "function",
);

/** A service binding needs no real host; this one appears in no network request. */
const BINDING_BASE_URL = "https://ledger";

const text = z.string().trim().min(1);
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

const flag = z.enum(["true", "false"]).transform((value) => value === "true");

/** Upper bounds keep a typing error from becoming a policy: a timeout of hours, a retry in years. */
const envSchema = z.object({
  SETTLE_ENV: z.enum(["staging", "production"]),
  STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD: flag.default(false),
  STRIPE_WEBHOOK_SIGNING_SECRET: list(text, 10),
  STRIPE_SIGNATURE_TOLERANCE_SECONDS: integer(1, 86_400).default(300),
  /** Was a setting once. Whoever still has it must know that refunds come from `refund.*` alone. */
  STRIPE_REFUND_EVENTS: z.never().optional(),
  STRIPE_ACCOUNT_METADATA_KEY: z.string().trim().min(1).max(40).default("account_id"),
  STRIPE_CONNECTED_ACCOUNTS: list(z.string().regex(/^acct_[A-Za-z0-9]{1,250}$/), 1_000).default([]),
  STRIPE_API_KEY: text.optional(),
  STRIPE_API_BASE_URL: text.refine(isSafeOrigin).default("https://api.stripe.com"),
  LEDGER_BASE_URL: text.refine(isSafeBaseUrl),
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
  EVENT_INDEX_SHARDS: integer(1, 64).default(8),
  ALERT_WEBHOOK_URL: text.refine(isSafeUrl).optional(),
  ALERT_OPEN_AGE_MINUTES: integer(1, 43_200).default(60),
});

const cache = new WeakMap<object, ConfigResult>();

/** Checked once per isolate: the platform hands every request the same `env`. */
export function loadConfig(env: object): ConfigResult {
  const known = cache.get(env);
  if (known !== undefined) return known;
  const result = check(env);
  cache.set(env, result);
  return result;
}

export function operatorKeys(env: object): OperatorKeys {
  return { adminKey: textOrNull(env, "SETTLE_ADMIN_KEY"), readKey: textOrNull(env, "SETTLE_READ_KEY") };
}

/** The ledger as a service binding, if there is one: no TLS, no DNS, no public address. */
export function ledgerBinding(env: object): Fetcher | null {
  const parsed = serviceBinding.safeParse((env as { LEDGER?: unknown }).LEDGER);
  return parsed.success ? parsed.data : null;
}

/** An Analytics Engine dataset for attempts, if there is one. */
export function attemptsDataset(env: object): AnalyticsEngineDataset | null {
  return (env as { ATTEMPTS?: AnalyticsEngineDataset }).ATTEMPTS ?? null;
}

function check(env: object): ConfigResult {
  const given = Object.fromEntries(
    Object.entries(env)
      .filter(([, value]) => value !== "")
      // wrangler.toml hands numbers and booleans on as they stand there.
      .map(([name, value]) => [name, isPlain(value) ? String(value) : value]),
  );
  if (ledgerBinding(env) !== null) given["LEDGER_BASE_URL"] ??= BINDING_BASE_URL;
  const parsed = envSchema.safeParse(given);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))];
    return {
      ok: false,
      missing: names.filter((name) => given[name] === undefined),
      invalid: names.filter((name) => given[name] !== undefined),
    };
  }
  return { ok: true, config: fromEnv(parsed.data) };
}

function fromEnv(env: z.infer<typeof envSchema>): Config {
  return {
    settleEnv: env.SETTLE_ENV,
    allowTestmodeEventsInProd: env.STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD,
    signingSecrets: env.STRIPE_WEBHOOK_SIGNING_SECRET,
    signatureToleranceSeconds: env.STRIPE_SIGNATURE_TOLERANCE_SECONDS,
    accountKey: env.STRIPE_ACCOUNT_METADATA_KEY,
    connectedAccounts: new Set(env.STRIPE_CONNECTED_ACCOUNTS),
    ledger: {
      baseUrl: env.LEDGER_BASE_URL,
      adminKey: env.LEDGER_ADMIN_KEY,
      timeoutMs: env.LEDGER_TIMEOUT_MS,
      currencies: env.LEDGER_CURRENCIES,
      accountConcurrency: env.LEDGER_ACCOUNT_CONCURRENCY,
      quietMs: env.LEDGER_QUIET_MS,
    },
    stripeApi:
      env.STRIPE_API_KEY === undefined ? null : { key: env.STRIPE_API_KEY, baseUrl: env.STRIPE_API_BASE_URL },
    retryBaseMs: env.FORWARDING_RETRY_BASE_SECONDS * 1_000,
    retryMaxMs: env.FORWARDING_RETRY_MAX_SECONDS * 1_000,
    retryHorizonMs: env.FORWARDING_RETRY_HORIZON_HOURS * 3_600_000,
    retentionMs: env.EVENT_RETENTION_DAYS * 86_400_000,
    indexShards: env.EVENT_INDEX_SHARDS,
    alerts:
      env.ALERT_WEBHOOK_URL === undefined
        ? null
        : { url: env.ALERT_WEBHOOK_URL, openAgeMs: env.ALERT_OPEN_AGE_MINUTES * 60_000 },
  };
}

function isPlain(value: unknown): value is number | boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function textOrNull(env: object, name: string): string | null {
  const parsed = text.safeParse((env as Record<string, unknown>)[name]);
  return parsed.success ? parsed.data : null;
}

/** In the text, since a parsed URL does not show an empty query, in which the path that we append would vanish. */
function isSafeBaseUrl(value: string): boolean {
  return !/[?#]/.test(value) && isSafeUrl(value);
}

/** Stripe's client takes no path before its own. */
function isSafeOrigin(value: string): boolean {
  return isSafeBaseUrl(value) && new URL(value).pathname === "/";
}

/** What we send there is secret, or for operators alone: so it goes over TLS, or does not leave the machine. */
function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== "" || password !== "") return false;
  if (protocol === "https:") return true;
  return protocol === "http:" && isLoopback(hostname);
}
