/**
 * Every file of `src/` that is not pure, and why: it uses the platform, does I/O, or reads a clock or random numbers. A
 * folder counts with all its files. All others are held to be pure, and are what `npm run mutation` changes.
 */
export const IMPURE_FILES: Readonly<Record<string, string>> = {
  "src/index.ts": "the Worker's entry",
  "src/app.ts": "Hono's router",
  "src/console/": "pages in hono/jsx, cookies, and the browser's script",
  "src/http/": "requests, responses and their ids",
  "src/operators/events.ts": "calls events and shards",
  "src/operators/operator-call.ts": "calls all objects",
  "src/operators/reconciliations.ts": "calls the Reconciler",
  "src/operators/retry-event.ts": "calls the event's object, and the log",
  "src/operators/retry-events.ts": "calls events and shards, and the log",
  "src/operators/statistics.ts": "calls the shards and the Reconciler",
  "src/cron/alerts.ts": "asks the shards and the Reconciler",
  "src/cron/post-alert.ts": "sends a request",
  "src/cron/scheduled.ts": "the cron's entry",
  "src/cron/sweep.ts": "calls shards and events within a time budget",
  "src/reconciler/bounds-and-watermark.ts": "key-value storage",
  "src/reconciler/call-reconciler.ts": "calls the object",
  "src/reconciler/hourly-run.ts": "the object's storage",
  "src/reconciler/page-ports.ts": "connects Stripe, the ledger and the events' objects",
  "src/reconciler/read-report.ts": "SQL storage",
  "src/reconciler/reconciler.ts": "the Durable Object",
  "src/reconciler/run-id.ts": "random ids",
  "src/reconciler/run-step.ts": "the object's storage, and the log",
  "src/reconciler/runs-table.ts": "SQL storage",
  "src/reconciler/start-run.ts": "the object's storage",
  "src/stripe-api/client.ts": "sends requests",
  "src/delivery/deliver.ts": "calls the event's object, and the log",
  "src/event/call-event.ts": "calls the object",
  "src/event/stripe-event-object.ts": "the Durable Object",
  "src/event-index/alert-facts.ts": "SQL and key-value storage",
  "src/event-index/call-shards.ts": "calls the objects",
  "src/event-index/event-index.ts": "the Durable Object",
  "src/event-index/events-table.ts": "SQL storage",
  "src/event-index/overdue.ts": "SQL and key-value storage",
  "src/event-index/queries.ts": "calls the shards",
  "src/event-index/shard-stats.ts": "SQL storage",
  "src/ledger/account-lane.ts": "the Durable Object",
  "src/ledger/call-lane.ts": "calls the object",
  "src/ledger/client.ts": "sends requests with a deadline",
  "src/ledger/connect.ts": "the service binding and the clock",
  "src/durable-object/rpc.ts": "waits between tries",
  "src/durable-object/websockets.ts": "the platform's WebSockets",
  "src/log.ts": "writes to the console",
};

/** The list as patterns for Stryker. */
export const PURE_FILE_PATTERNS: readonly string[] = [
  "src/**/*.ts",
  ...Object.keys(IMPURE_FILES).map((entry) => `!${entry}${entry.endsWith("/") ? "**" : ""}`),
];
