/**
 * `Env` → checked, readonly configuration. The only file that reads environment strings.
 *
 * Fails closed: with one value missing or malformed there is no configuration, every problem is named at
 * once, and the webhook answers 503, so that Stripe keeps the event for us. Problems name variables, never
 * values.
 */
import type { z } from "zod";
import { isLoopback } from "./loopback.ts";
import { envSchema, jurisdiction, productionSchema, serviceBinding, text } from "./settings.ts";

export type SettleEnv = "staging" | "production";
export type Jurisdiction = z.infer<typeof jurisdiction>;

export interface Config {
  readonly settleEnv: SettleEnv;
  /** Where all objects are and stay; null: wherever the platform puts them. */
  readonly jurisdiction: Jurisdiction | null;
  readonly allowTestmodeEventsInProd: boolean;
  /** Any of them may verify a delivery: while a secret is rolled, both are valid. */
  readonly signingSecrets: readonly string[];
  readonly signatureToleranceSeconds: number;
  readonly webhookBodyMaxBytes: number;
  /** The key of Stripe's metadata that names the ledger account. */
  readonly accountKey: string;
  /** Whose events are settled besides the platform's own. */
  readonly connectedAccounts: ReadonlySet<string>;
  readonly ledger: LedgerConfig;
  /** Stripe's own API, for look-ups and reconciliation. null: no key, so both are off. */
  readonly stripeApi: { readonly key: string; readonly baseUrl: string } | null;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  readonly retryHorizonMs: number;
  readonly retentionMs: number;
  /** Over how many objects the index is spread. May be raised, never lowered. */
  readonly indexShards: number;
  /** null: nobody is told. */
  readonly alerts: AlertConfig | null;
  /**
   * Asked after each sweep, so that whoever is behind it notices when the
   * cron stops. A secret. null: nobody is.
   */
  readonly heartbeatUrl: string | null;
}

export interface LedgerConfig {
  readonly baseUrl: string;
  /** Which ledger it is, for people: without a key, and the same for all ports of this machine. */
  readonly address: string;
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
  /** `SETTLE_ADMIN_KEY`, if it is not set. */
  readonly missing: readonly string[];
  /** The names of keys that are set and not accepted, because they could be guessed. */
  readonly invalid: readonly string[];
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly missing: readonly string[]; readonly invalid: readonly string[] };

/** A service binding needs no real host; this one appears in no network request. */
const BINDING_BASE_URL = "https://ledger";

/**
 * Shorter operator keys are not accepted in production; those of
 * `openssl rand -base64 32` have 44 characters.
 */
const PRODUCTION_OPERATOR_KEY_MIN_LENGTH = 20;

const cache = new WeakMap<object, ConfigResult>();

/** Checked once per isolate: the platform hands every request the same `env`. */
export function loadConfig(env: object): ConfigResult {
  const known = cache.get(env);
  if (known !== undefined) return known;
  const result = check(env);
  cache.set(env, result);
  return result;
}

/**
 * What could be guessed counts as not set: a deployment without operators is
 * noticed, one with a stranger is not.
 */
export function operatorKeys(env: object): OperatorKeys {
  const minLength = isProduction(env) ? PRODUCTION_OPERATOR_KEY_MIN_LENGTH : 1;
  const given = (name: string) => textOrNull(env, name);
  const invalid = ["SETTLE_ADMIN_KEY", "SETTLE_READ_KEY"].filter(
    (name) => (given(name)?.length ?? minLength) < minLength,
  );
  const accepted = (name: string) => (invalid.includes(name) ? null : given(name));
  return {
    adminKey: accepted("SETTLE_ADMIN_KEY"),
    readKey: accepted("SETTLE_READ_KEY"),
    missing: given("SETTLE_ADMIN_KEY") === null ? ["SETTLE_ADMIN_KEY"] : [],
    invalid,
  };
}

/** The ledger as a service binding, if there is one: no TLS, no DNS, no public address. */
export function ledgerBinding(env: object): Fetcher | null {
  const parsed = serviceBinding.safeParse((env as { LEDGER?: unknown }).LEDGER);
  return parsed.success ? parsed.data : null;
}

/**
 * For who makes a stub. A value that is no jurisdiction has made the
 * configuration invalid before, so it throws.
 */
export function jurisdictionOf(env: object): Jurisdiction | null {
  const given = textOrNull(env, "DATA_JURISDICTION");
  return given === null ? null : jurisdiction.parse(given);
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
  const parsed = (isProduction(given) ? productionSchema : envSchema).safeParse(given);
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
    jurisdiction: env.DATA_JURISDICTION ?? null,
    allowTestmodeEventsInProd: env.STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD,
    signingSecrets: env.STRIPE_WEBHOOK_SIGNING_SECRET,
    signatureToleranceSeconds: env.STRIPE_SIGNATURE_TOLERANCE_SECONDS,
    webhookBodyMaxBytes: env.WEBHOOK_BODY_MAX_KIB * 1_024,
    accountKey: env.STRIPE_ACCOUNT_METADATA_KEY,
    connectedAccounts: new Set(env.STRIPE_CONNECTED_ACCOUNTS),
    ledger: {
      baseUrl: env.LEDGER_BASE_URL,
      address: env.LEDGER === undefined ? addressOf(env.LEDGER_BASE_URL) : "service binding LEDGER",
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
    heartbeatUrl: env.HEARTBEAT_URL ?? null,
  };
}

function addressOf(baseUrl: string): string {
  const { hostname, origin, pathname } = new URL(baseUrl);
  return isLoopback(hostname) ? "this machine" : origin + pathname.replace(/\/+$/, "");
}

function isProduction(env: object): boolean {
  return (env as { SETTLE_ENV?: unknown }).SETTLE_ENV === "production";
}

function isPlain(value: unknown): value is number | boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function textOrNull(env: object, name: string): string | null {
  const parsed = text.safeParse((env as Record<string, unknown>)[name]);
  return parsed.success ? parsed.data : null;
}
