/** Mutation testing of the rooms that touch nothing: `npm run mutation`. What came of it: docs/mutation.md. */
export default {
  packageManager: "npm",
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutation.config.ts" },
  coverageAnalysis: "perTest",
  mutate: [
    "src/stripe/*.ts",
    "src/settlement/*.ts",
    "src/ledger/outcome.ts",
    "src/event/{backoff,describe,engine,machine,record,snapshot,step,view,waking}.ts",
    "src/event/transitions/*.ts",
    "src/event-index/{cursor,filter,money,shard}.ts",
    "src/alerts/{open-age,reconciliation,text}.ts",
    "src/reconciler/{after,compare,content,csv,cursor,key-mode,patience,progress,report,run,totals,watermark,window}.ts",
    "src/{bytes,concurrently,config,errors,loopback,money}.ts",
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
