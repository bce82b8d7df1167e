/**
 * The tables of a shard, as steps from version to version. A step that was released is never changed: what is
 * to be otherwise is a step more, and its tables are added to `test/corpus/index-tables`.
 *
 * What the tables' shape costs decides it. The primary key is the order of the lists, so that lists need no
 * index; both indexes hold open events alone, so that a settled event is exactly one row written.
 */
import { forgetCounters, type Stored } from "./counters.ts";
import { IS_OPEN } from "./filter.ts";

const VERSION_KEY = "schema";

/** The nth, counted from 1, makes version n of the version before. */
const STEPS: readonly (readonly string[])[] = [
  // 1.0.0, which stored no version.
  [
    `CREATE TABLE events (
      received_at INTEGER NOT NULL,
      event_id TEXT NOT NULL,
      revision INTEGER NOT NULL,
      event_type TEXT NOT NULL,
      state TEXT NOT NULL,
      reason TEXT,
      error_code TEXT,
      account_id TEXT,
      payment_id TEXT,
      amount_minor TEXT,
      currency TEXT,
      attempts INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      next_retry_at INTEGER,
      poked_at INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (received_at, event_id)
    ) STRICT, WITHOUT ROWID`,
    // Which revision of an event was reported. A later failure of the same event has
    // a later one, and is reported again.
    `CREATE TABLE told (
      received_at INTEGER NOT NULL,
      event_id TEXT NOT NULL,
      revision INTEGER NOT NULL,
      PRIMARY KEY (received_at, event_id)
    ) STRICT, WITHOUT ROWID`,
    // Which events were reported as open for too long.
    `CREATE TABLE told_open (
      received_at INTEGER NOT NULL,
      event_id TEXT NOT NULL,
      PRIMARY KEY (received_at, event_id)
    ) STRICT, WITHOUT ROWID`,
  ],
  // By payment, since an operator who settles one wants the rest of it settled as well. Rows have
  // none until their events publish again.
  [
    "ALTER TABLE events ADD COLUMN source_payment_id TEXT",
    `CREATE INDEX open_payments ON events (source_payment_id) WHERE ${IS_OPEN} AND source_payment_id IS NOT NULL`,
    `CREATE TABLE unlisted_accounts (
      account TEXT PRIMARY KEY,
      events INTEGER NOT NULL,
      first_at INTEGER NOT NULL,
      last_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    // There are few reasons, so a day is some dozens of rows at most.
    `CREATE TABLE refused_deliveries (
      hour INTEGER NOT NULL,
      reason TEXT NOT NULL,
      deliveries INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      PRIMARY KEY (hour, reason)
    ) STRICT, WITHOUT ROWID`,
  ],
  // The open events, in the order of the lists. Under a name of its own: see `OLD_INDEX`.
  ["DROP INDEX IF EXISTS open_events", `CREATE INDEX open_by_time ON events (received_at) WHERE ${IS_OPEN}`],
];

/** Versions before this one make it each time they start, and do not know the counters. */
const OLD_INDEX = "open_events";

export const SCHEMA_VERSION = STEPS.length;

/**
 * False: a later version made these tables, and nothing may be done with
 * them. Writes nothing when all is there.
 */
export function prepareTables(stored: Stored): boolean {
  const { sql, kv } = stored;
  const version = kv.get<number>(VERSION_KEY) ?? unversioned(sql);
  if (version > SCHEMA_VERSION) return false;
  if (version < SCHEMA_VERSION) {
    for (const statement of STEPS.slice(version).flat()) sql.exec(statement);
    kv.put(VERSION_KEY, SCHEMA_VERSION);
  } else if (exists(sql, OLD_INDEX)) {
    // A version without counters ran here meanwhile, after a deploy was rolled back.
    sql.exec(`DROP INDEX ${OLD_INDEX}`);
    forgetCounters(kv);
  }
  return true;
}

/** Of tables without a stored version. */
function unversioned(sql: SqlStorage): number {
  if (!exists(sql, "events")) return 0;
  return exists(sql, "open_payments") ? 2 : 1;
}

function exists(sql: SqlStorage, name: string): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", name).toArray().length > 0;
}
