/** The Worker as the integration tests run it in workerd, with the sandboxes beside it. */
import { build } from "esbuild";
import type { Unstable_Config } from "wrangler";
import { LISTED_ACCOUNT } from "../../scripts/sandbox/stripe-account/unusual-accounts.ts";

const LEDGER_ADMIN_KEY = "test-ledger-admin-key";
const STRIPE_API_KEY = "rk_test_reconciler";

const BINDINGS = {
  SETTLE_ENV: "staging",
  // Two, as while one is being rolled.
  STRIPE_WEBHOOK_SIGNING_SECRET: "whsec_test_new_as_long_as_stripes,whsec_test_old_as_long_as_stripes",
  // Nothing listens there: each test answers for the ledger, by a spy on `fetch` or with the sandbox.
  LEDGER_BASE_URL: "http://127.0.0.1:9",
  LEDGER_ADMIN_KEY,
  // Reconciliation is on; the cron's part only where a test asks for it: see `runCron`.
  STRIPE_API_KEY,
  STRIPE_CONNECTED_ACCOUNTS: LISTED_ACCOUNT,
  SETTLE_ADMIN_KEY: "test-settle-admin-key",
  SETTLE_READ_KEY: "test-settle-read-key",
  // Short enough to be waited for once, long enough for a busy machine.
  LEDGER_TIMEOUT_MS: "2000",
  // Tests stop and set the clock, and an exclusive lane lives in time:
  // `exclusiveLane` makes one where it matters.
  LEDGER_ACCOUNT_CONCURRENCY: "64",
  LEDGER_QUIET_MS: "20",
  LEDGER_CURRENCIES: "USD,EUR,GBP,JPY,KWD,XCG",
  FORWARDING_RETRY_BASE_SECONDS: "15",
};

/** The same for all test files, and made when the first of them is run. */
let prepared: Promise<Prepared> | null = null;

interface Prepared {
  readonly main: string;
  readonly compatibilityDate: string;
  readonly objects: readonly { readonly name: string; readonly className: string }[];
  /** Bundled. */
  readonly ledger: string;
  readonly stripe: string;
}

/** Options for the plugin, which asks for them at each start of a runtime. */
export async function workerUnderTest() {
  prepared ??= prepare();
  const { main, compatibilityDate, objects, ledger, stripe } = await prepared;
  const sandbox = (name: string, contents: string, object: readonly [string, string], bindings: object) => ({
    name,
    modules: [{ type: "ESModule" as const, path: "worker.mjs", contents }],
    compatibilityDate,
    durableObjects: { [object[0]]: { className: object[1], useSQLite: true } },
    bindings: { ...bindings },
  });
  const sandboxLedger = (name: string, vars: object) =>
    sandbox(name, ledger, ["LEDGER_OBJECT", "LedgerObject"], { LEDGER_ADMIN_KEY, ...vars });
  return {
    main,
    miniflare: {
      compatibilityDate,
      bindings: BINDINGS,
      durableObjects: Object.fromEntries(
        objects.map(({ name, className }) => [name, { className, useSQLite: true }]),
      ),
      serviceBindings: {
        SANDBOX_LEDGER: "sandbox-ledger",
        SANDBOX_LEDGER_AS_IS: "sandbox-ledger-as-is",
        SANDBOX_STRIPE: "sandbox-stripe",
      },
      workers: [
        sandboxLedger("sandbox-ledger", { LEDGER_MODE: "atomic" }),
        sandboxLedger("sandbox-ledger-as-is", { LEDGER_MODE: "as-is", LEDGER_STATEMENT_GAP_MS: "0" }),
        sandbox("sandbox-stripe", stripe, ["STRIPE_BOOK", "StripeBook"], { STRIPE_API_KEY }),
      ],
    },
  };
}

/**
 * Of wrangler.toml only the code, its date and its objects. Given the whole file, the plugin would read the
 * developer's `.dev.vars` and environment with it.
 */
async function prepare(): Promise<Prepared> {
  const { unstable_readConfig } = await import("wrangler");
  const config: Unstable_Config = unstable_readConfig(
    { config: "wrangler.toml", env: "" },
    { hideWarnings: true },
  );
  if (config.main === undefined || config.compatibility_date === undefined) {
    throw new Error("wrangler.toml names no entry or no compatibility date.");
  }
  return {
    main: config.main,
    compatibilityDate: config.compatibility_date,
    objects: config.durable_objects.bindings.map(({ name, class_name }) => ({ name, className: class_name })),
    ledger: await bundle("scripts/sandbox/ledger/worker.ts"),
    stripe: await bundle("scripts/sandbox/stripe/worker.ts"),
  };
}

/** As one module, so that workerd runs it beside the Worker under test. */
async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker"],
    external: ["cloudflare:*"],
  });
  return outputFiles[0]?.text ?? "";
}
