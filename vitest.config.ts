import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { build } from "esbuild";
import { defineConfig } from "vitest/config";

/** The sandbox ledger as one module, so that workerd runs it beside the Worker under test. */
async function bundleSandboxLedger(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ["scripts/sandbox/ledger/worker.ts"],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker"],
    external: ["cloudflare:*"],
  });
  return outputFiles[0]?.text ?? "";
}

// Wrangler would say at each start that it found no secrets: the tests bring their own.
process.env["WRANGLER_LOG"] = "error";

const LEDGER_ADMIN_KEY = "test-ledger-admin-key";

const bindings = {
  SETTLE_ENV: "staging",
  // Two, as while one is being rolled.
  STRIPE_WEBHOOK_SIGNING_SECRET: "whsec_test_new,whsec_test_old",
  // Nothing listens there: each test answers for the ledger, by a spy on `fetch` or with the sandbox.
  LEDGER_BASE_URL: "http://127.0.0.1:9",
  LEDGER_ADMIN_KEY,
  // Reconciliation is on; the cron's part only where a test asks for it: see `runCron`.
  STRIPE_API_KEY: "rk_test_reconciler",
  SETTLE_ADMIN_KEY: "test-settle-admin-key",
  SETTLE_READ_KEY: "test-settle-read-key",
  // Short enough to be waited for once, long enough for a busy machine.
  LEDGER_TIMEOUT_MS: "2000",
  LEDGER_QUIET_MS: "20",
  LEDGER_CURRENCIES: "USD,EUR,GBP,JPY,KWD",
  FORWARDING_RETRY_BASE_SECONDS: "15",
};

/** Few and always the same; `npm run fuzz` searches longer, and elsewhere. */
const fuzz = {
  seed: Number(process.env["FUZZ_SEED"] ?? 20_320_229),
  runs: Number(process.env["FUZZ_RUNS"] ?? 100),
  batches: Number(process.env["FUZZ_BATCHES"] ?? 1),
  seconds: Number(process.env["FUZZ_SECONDS"] ?? 3),
};

export default defineConfig({
  test: {
    provide: { fuzz },
    // The Worker logs one line per step. They matter when a test fails, and are noise when it passes.
    silent: "passed-only",
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings,
              serviceBindings: { SANDBOX_LEDGER: "sandbox-ledger" },
              workers: [
                {
                  name: "sandbox-ledger",
                  modules: [
                    {
                      type: "ESModule" as const,
                      path: "worker.mjs",
                      contents: await bundleSandboxLedger(),
                    },
                  ],
                  compatibilityDate: "2026-11-01",
                  durableObjects: { LEDGER_OBJECT: { className: "LedgerObject", useSQLite: true } },
                  bindings: { LEDGER_ADMIN_KEY, LEDGER_MODE: "atomic" },
                },
              ],
            },
          })),
        ],
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          // Stripe's client is 130 modules. As one it loads in a moment, and without a warning for each source map.
          deps: { optimizer: { ssr: { enabled: true, include: ["stripe"] } } },
          // Stories play hundreds of deliveries; a busy machine takes its time with them.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: ["test/e2e/console.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // On its own, since it needs Chromium, which not every machine has: `npm run test:browser`.
        test: {
          name: "browser",
          include: ["test/e2e/console.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
