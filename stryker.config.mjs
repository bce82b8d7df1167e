/** Mutation testing of the pure modules: `npm run mutation`. What came of it: docs/mutation.md. */
export default {
  packageManager: "npm",
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutation.config.ts" },
  coverageAnalysis: "perTest",
  mutate: [
    "src/stripe/*.ts",
    "src/settlement/*.ts",
    "src/ledger/outcome.ts",
    "src/event/{alarm,backoff,describe,engine,machine,machine-types,record,snapshot,view}.ts",
    "src/event/transitions/*.ts",
    "src/event-index/{cursor,filter,shard,sum-by-currency}.ts",
    "src/cron/{alert-text,open-age-alert,reconciliation-alert}.ts",
    "src/reconciler/{difference-cursor,compare,canonical-text,csv,list-position,key-livemode,retry-wait,progress,report,run,totals,watermark,window}.ts",
    "src/{bytes,concurrently,config,errors,loopback,format-money}.ts",
  ],
  // There is no such file: Stryker would read ours with TypeScript's compiler API, which TypeScript 7 has not.
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
