import { PURE_FILE_PATTERNS } from "./test/support/impure-files.ts";

/** Mutation testing of the pure files: `npm run mutation`. What came of it: docs/mutation.md. */
export default {
  packageManager: "npm",
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutation.config.ts" },
  coverageAnalysis: "perTest",
  mutate: [...PURE_FILE_PATTERNS],
  // There is no such file: Stryker would read ours with TypeScript's
  // compiler API, which TypeScript 7 has not.
  tsconfigFile: "tsconfig.none.json",
  // What runs once, at loading, can only be judged by the whole suite for each mutant: two hours more.
  ignoreStatic: true,
  incremental: true,
  incrementalFile: "reports/mutation/incremental.json",
  reporters: ["clear-text", "html", "json", "progress-append-only"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  tempDirName: ".stryker-tmp",
  ignorePatterns: ["docs/screenshots", "reports", ".wrangler"],
  concurrency: 2,
  timeoutMS: 20_000,
  thresholds: { high: 95, low: 90, break: 90 },
};
