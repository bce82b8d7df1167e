import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { temporaryFolder } from "./test/support/temporary-folder.ts";
import { workerUnderTest } from "./test/support/worker-under-test.ts";

process.env["TMPDIR"] = temporaryFolder();

const BUNDLED = [
  "stripe",
  "zod",
  "hono",
  "hono/cookie",
  "hono/html",
  "hono/jsx",
  "hono/jsx/jsx-dev-runtime",
  "hono/jsx/jsx-runtime",
  "@hono/zod-openapi",
  "fast-check",
];

/**
 * Every test runs with these in its environment, as a developer's shell may have them. None may heed them:
 * what a test needs it names itself, and what it starts gets an environment of its own.
 */
const SETTINGS_OF_A_DEVELOPER = {
  STRIPE_WEBHOOK_SIGNING_SECRET: "whsec_of_the_developer",
  STRIPE_API_KEY: "sk_live_of_the_developer",
  STRIPE_API_BASE_URL: "http://127.0.0.1:9",
  LEDGER_BASE_URL: "http://127.0.0.1:9",
  LEDGER_ADMIN_KEY: "ledger-key-of-the-developer",
  SETTLE_ADMIN_KEY: "admin-key-of-the-developer",
  SETTLE_READ_KEY: "read-key-of-the-developer",
  SETTLE_ENV: "production",
  CLOUDFLARE_ENV: "production",
  PORT: "9",
};

/** Few and always the same; `npm run fuzz` searches longer, and elsewhere. */
const fuzzSettings = (isProof: boolean) => ({
  seed: Number(process.env["FUZZ_SEED"] ?? 20_320_229),
  runs: Number(process.env["FUZZ_RUNS"] ?? (isProof ? 100 : 20)),
  batches: Number(process.env["FUZZ_BATCHES"] ?? 1),
  seconds: Number(process.env["FUZZ_SECONDS"] ?? 3),
});

/** What both kinds of integration tests have in common. */
const integration = {
  // Every test has events and accounts of its own, so all files can share a runtime.
  isolate: false,
  setupFiles: ["test/support/shared-runtime.ts"],
  // Hundreds of modules otherwise, fetched one by one into the runtime.
  deps: { optimizer: { ssr: { enabled: true, include: BUNDLED } } },
  // Histories are hundreds of deliveries; a busy machine takes its time with them.
  testTimeout: 60_000,
};

export default defineConfig(({ mode }) => ({
  test: {
    provide: { isProof: mode === "proof", fuzz: fuzzSettings(mode === "proof") },
    env: SETTINGS_OF_A_DEVELOPER,
    // The Worker logs one line per step. They matter when a test fails, and are noise when it passes.
    silent: "passed-only",
    // One more than there are cores: the tests of started stacks wait a lot.
    maxWorkers: 3,
    projects: [
      // Pure modules keep no state, and most of a test file's time would be loading them anew.
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          isolate: false,
          // Those of commands and sandboxes start a process or two, which takes seconds on a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        plugins: [cloudflareTest(workerUnderTest)],
        test: {
          ...integration,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          exclude: ["test/integration/histories/**"],
        },
      },
      {
        // Apart from the others, whose objects and stopped clocks they must not meet:
        // they run for long, and many at once.
        plugins: [cloudflareTest(workerUnderTest)],
        test: { ...integration, name: "histories", include: ["test/integration/histories/**/*.test.ts"] },
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
}));
