import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { readDevVars, SECRET_NAMES, type SecretName, type Secrets } from "../../sandbox/stack/dev-vars.ts";
import { UsageError } from "../../lib/failure.ts";
import { DEFAULT_CLAWSETTLE_URL, DEFAULT_LEDGER_URL } from "../../lib/paths.ts";
import { bareHost, baseUrl, isLoopbackHost } from "../../lib/loopback.ts";

export type SmokeEnv = "local" | "staging" | "prod";

export type SmokeOptions = {
  readonly env: SmokeEnv;
  readonly clawsettleUrl: URL;
  readonly ledgerUrl: URL;
  readonly resolveIp: string | null;
  readonly secrets: Secrets;
};

const CLAWSETTLE_URLS: Readonly<Record<SmokeEnv, string>> = {
  local: DEFAULT_CLAWSETTLE_URL,
  staging: "https://staging.clawsettle.com",
  prod: "https://clawsettle.com",
};

export const SMOKE_FLAGS = `
  --env local|staging|prod        which deployment (default: local); prod sends live-mode events
  --clawsettle-base-url <url>     default: ${Object.values(CLAWSETTLE_URLS).join(", ")}
  --ledger-base-url <url>         local default: ${DEFAULT_LEDGER_URL}; required elsewhere
  --clawsettle-resolve-ip <ip>    connect there, under the host's own name (DNS not yet in place)
  --help

Secrets come from STRIPE_WEBHOOK_SIGNING_SECRET, LEDGER_ADMIN_KEY and SETTLE_ADMIN_KEY; locally .dev.vars fills
in what is missing. Prints one JSON report. Exit code: 0 passed, 1 failed, 2 wrong usage.`;

/** Null when only help is wanted. */
export async function smokeOptions(
  argv: readonly string[],
  needed: readonly SecretName[],
): Promise<SmokeOptions | null> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      env: { type: "string", default: "local" },
      "clawsettle-base-url": { type: "string" },
      "ledger-base-url": { type: "string" },
      "clawsettle-resolve-ip": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;

  const env = smokeEnv(values.env);
  const clawsettleUrl = baseUrl(
    "--clawsettle-base-url",
    values["clawsettle-base-url"] ?? CLAWSETTLE_URLS[env],
  );
  const resolveIp = resolveAddress(values["clawsettle-resolve-ip"] ?? null, clawsettleUrl);
  refuseOpenHttp(clawsettleUrl, resolveIp ?? clawsettleUrl.hostname);
  // No default beyond this machine: the ledger's admin key is sent to this address.
  const ledgerText = values["ledger-base-url"] ?? (env === "local" ? DEFAULT_LEDGER_URL : null);
  if (ledgerText === null)
    throw new UsageError(`--env ${env} needs --ledger-base-url: the ledger of that deployment.`);
  const ledgerUrl = baseUrl("--ledger-base-url", ledgerText);
  refuseOpenHttp(ledgerUrl, ledgerUrl.hostname);
  return { env, clawsettleUrl, ledgerUrl, resolveIp, secrets: await secretsFor(env, needed) };
}

function smokeEnv(text: string): SmokeEnv {
  if (text === "production") return "prod";
  if (text === "local" || text === "staging" || text === "prod") return text;
  throw new UsageError(`--env takes local, staging or prod, not "${text}".`);
}

/** Keys travel in these requests: without TLS they may only go where nobody can listen. */
function refuseOpenHttp(url: URL, connectsTo: string): void {
  if (url.protocol === "https:" || isLoopbackHost(connectsTo)) return;
  throw new UsageError(`${url.origin} is not encrypted: http goes only to this machine.`);
}

function resolveAddress(ip: string | null, url: URL): string | null {
  if (ip === null) return null;
  if (isIP(ip) === 0) throw new UsageError(`--clawsettle-resolve-ip takes an IP address, not "${ip}".`);
  // A numeric host is connected to as it stands, so the flag would be ignored without a word.
  if (isIP(bareHost(url.hostname)) !== 0) {
    throw new UsageError(
      `--clawsettle-resolve-ip needs a host name in --clawsettle-base-url, not ${url.hostname}.`,
    );
  }
  return ip;
}

async function secretsFor(env: SmokeEnv, needed: readonly SecretName[]): Promise<Secrets> {
  const file = env === "local" ? ((await readDevVars()) ?? {}) : {};
  const secret = (name: SecretName): string => (process.env[name]?.trim() || file[name]) ?? "";
  const missing = needed.filter((name) => secret(name) === "");
  if (missing.length > 0) {
    const hint = env === "local" ? " (or run `npm start` once: it makes .dev.vars)" : "";
    throw new UsageError(`Set ${missing.join(" and ")} in the environment${hint}.`);
  }
  const entries = SECRET_NAMES.map((name) => [name, secret(name)] as const);
  return Object.fromEntries(entries) as unknown as Secrets;
}
