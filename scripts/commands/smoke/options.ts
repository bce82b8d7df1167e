import { isIP } from "node:net";
import { isLoopback } from "../../../src/loopback.ts";
import { baseUrl, chosen, option, type Values } from "../../lib/command.ts";
import { secretOf, type SecretName, type Secrets } from "../../sandbox/stack/dev-vars.ts";
import { UsageError } from "../../lib/failure.ts";
import { DEFAULT_CLAWSETTLE_URL, DEFAULT_LEDGER_URL, DEV_VARS_FILE } from "../../lib/paths.ts";

type SmokeEnv = "local" | "staging" | "prod";

export type SmokeOptions = Awaited<ReturnType<typeof smokeOptions>>;

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

export const OPTIONS = {
  env: option(smokeEnv, "local" as const),
  "clawsettle-base-url": baseUrl(null),
  "ledger-base-url": baseUrl(null),
  "clawsettle-resolve-ip": option(ipAddress, null),
};

/** What no option can check alone, and the secrets. */
export async function smokeOptions(values: Values<typeof OPTIONS>, needed: readonly SecretName[]) {
  const { env, "clawsettle-resolve-ip": resolveIp } = values;
  const clawsettleUrl = values["clawsettle-base-url"] ?? new URL(CLAWSETTLE_URLS[env]);
  // A numeric host is connected to as it stands, so the flag would be ignored without a word.
  if (resolveIp !== null && isIP(clawsettleUrl.hostname.replace(/^\[|\]$/g, "")) !== 0) {
    throw new UsageError(
      `--clawsettle-resolve-ip needs a host name in --clawsettle-base-url, not ${clawsettleUrl.hostname}.`,
    );
  }
  refuseOpenHttp(clawsettleUrl, resolveIp ?? clawsettleUrl.hostname);
  // No default beyond this machine: the ledger's admin key is sent to this address.
  const ledgerUrl = values["ledger-base-url"] ?? (env === "local" ? new URL(DEFAULT_LEDGER_URL) : null);
  if (ledgerUrl === null)
    throw new UsageError(`--env ${env} needs --ledger-base-url: the ledger of that deployment.`);
  refuseOpenHttp(ledgerUrl, ledgerUrl.hostname);
  return { env, clawsettleUrl, ledgerUrl, resolveIp, secrets: await secretsFor(env, needed) };
}

function smokeEnv(name: string, text: string): SmokeEnv {
  return text === "production" ? "prod" : chosen(name, text, ["local", "staging", "prod"]);
}

function ipAddress(name: string, ip: string): string {
  if (isIP(ip) === 0) throw new UsageError(`${name} takes an IP address, not "${ip}".`);
  return ip;
}

/** Keys travel in these requests: without TLS they may only go where nobody can listen. */
function refuseOpenHttp(url: URL, connectsTo: string): void {
  if (url.protocol === "https:" || connectsTo === "::1" || isLoopback(connectsTo)) return;
  throw new UsageError(`${url.origin} is not encrypted: http goes only to this machine.`);
}

/** Those that are not needed stay empty. */
async function secretsFor(env: SmokeEnv, needed: readonly SecretName[]): Promise<Secrets> {
  const secrets: Record<SecretName, string> = {
    STRIPE_WEBHOOK_SIGNING_SECRET: "",
    LEDGER_ADMIN_KEY: "",
    SETTLE_ADMIN_KEY: "",
  };
  for (const name of needed)
    secrets[name] = (await secretOf(name, env === "local" ? DEV_VARS_FILE : null)) ?? "";
  const missing = needed.filter((name) => secrets[name] === "");
  if (missing.length > 0) {
    const hint = env === "local" ? " (or run `npm start` once: it makes .dev.vars)" : "";
    throw new UsageError(`Set ${missing.join(" and ")} in the environment${hint}.`);
  }
  return secrets;
}
