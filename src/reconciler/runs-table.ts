/** The Reconciler's tables: a document per run, and a row per difference that is listed. */
import { createAcceptances } from "./acceptances-table.ts";
import type { DifferenceKey } from "./difference-cursor.ts";
import { type Judged, subjectOf } from "./findings.ts";
import type { Run, Running } from "./run.ts";
import { parseRun, storedRun, type UnreadableRun } from "./stored-run.ts";

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS runs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    finished_at INTEGER,
    run TEXT NOT NULL
  ) STRICT`,
  // `event_id` is what the difference is about: an event, a balance transaction, or a settlement.
  `CREATE TABLE IF NOT EXISTS differences (
    run_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    field TEXT NOT NULL,
    difference TEXT NOT NULL,
    PRIMARY KEY (run_id, event_id, kind, field)
  ) STRICT, WITHOUT ROWID`,
];

/** Writes nothing when they are there already. */
export function createTables(sql: SqlStorage): void {
  for (const statement of SCHEMA) sql.exec(statement);
  createAcceptances(sql);
}

export function insertRun(sql: SqlStorage, run: Running): void {
  sql.exec("INSERT INTO runs (id, finished_at, run) VALUES (?, NULL, ?)", run.id, storedRun(run));
}

export function saveRun(sql: SqlStorage, run: Run): void {
  const finishedAt = run.status === "running" ? null : run.finished_at;
  sql.exec("UPDATE runs SET finished_at = ?, run = ? WHERE id = ?", finishedAt, storedRun(run), run.id);
}

/** Throws when this code cannot read it. */
export function loadRun(sql: SqlStorage, id: string): Run | null {
  const [row] = sql.exec<{ run: string }>("SELECT run FROM runs WHERE id = ?", id);
  return row === undefined ? null : parseRun(row.run);
}

/** In the order in which they were requested. */
export function unfinishedRuns(sql: SqlStorage): (Running | UnreadableRun)[] {
  return runsOf(sql.exec<Row>("SELECT * FROM runs WHERE finished_at IS NULL ORDER BY seq")).filter(
    (run) => run.status === "running" || run.status === "unreadable",
  );
}

/** Newest first. */
export function listRuns(sql: SqlStorage, limit: number): (Run | UnreadableRun)[] {
  return runsOf(sql.exec<Row>("SELECT * FROM runs ORDER BY seq DESC LIMIT ?", limit));
}

interface Row extends Record<string, SqlStorageValue> {
  readonly id: string;
  readonly finished_at: number | null;
  readonly run: string;
}

function runsOf(rows: SqlStorageCursor<Row>): (Run | UnreadableRun)[] {
  return rows.toArray().map(({ id, finished_at, run }) => {
    try {
      return parseRun(run);
    } catch {
      return { status: "unreadable", id, finished_at };
    }
  });
}

/** False when it is there already: then it is not counted again. */
export function insertDifference(sql: SqlStorage, runId: string, difference: Judged): boolean {
  const { kind, field } = difference;
  const written = sql.exec(
    `INSERT INTO differences (run_id, event_id, kind, field, difference) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING RETURNING 1 AS written`,
    runId,
    subjectOf(difference),
    kind,
    field,
    JSON.stringify(difference),
  );
  return written.toArray().length > 0;
}

/** By subject, kind and field: an order that two runs share. */
export function selectDifferences(
  sql: SqlStorage,
  runId: string,
  after: DifferenceKey | null,
  limit: number,
): Judged[] {
  const { subject, kind, field } = after ?? { subject: "", kind: "", field: "" };
  return sql
    .exec<{ difference: string }>(
      `SELECT difference FROM differences
      WHERE run_id = ? AND (event_id, kind, field) > (?, ?, ?)
      ORDER BY event_id, kind, field LIMIT ?`,
      runId,
      subject,
      kind,
      field,
      limit,
    )
    .toArray()
    .map(({ difference }) => judgedOf(difference));
}

export function loadDifference(
  sql: SqlStorage,
  runId: string,
  { subject, kind, field }: DifferenceKey,
): Judged | null {
  const select =
    "SELECT difference FROM differences WHERE run_id = ? AND event_id = ? AND kind = ? AND field = ?";
  const [row] = sql.exec<{ difference: string }>(select, runId, subject, kind, field).toArray();
  return row === undefined ? null : judgedOf(row.difference);
}

/** Those of before acceptances have no word of them. */
function judgedOf(stored: string): Judged {
  return { accepted: null, ...(JSON.parse(stored) as Omit<Judged, "accepted">) };
}

/** Runs that ended before the cutoff, with all their differences. Returns how many went. */
export function purgeRuns(sql: SqlStorage, cutoff: number, limit: number): number {
  const gone = sql
    .exec<{ id: string }>("SELECT id FROM runs WHERE finished_at <= ? ORDER BY seq LIMIT ?", cutoff, limit)
    .toArray();
  for (const { id } of gone) {
    sql.exec("DELETE FROM differences WHERE run_id = ?", id);
    sql.exec("DELETE FROM runs WHERE id = ?", id);
  }
  return gone.length;
}
