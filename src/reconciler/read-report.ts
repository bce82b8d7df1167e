/** What operators read of runs. Each answers null when there is no such run, or it was purged. */
import { loadPinnedAccount } from "./account-check.ts";
import { asListed } from "./acceptances-table.ts";
import { decodeDifferenceCursor, type DifferenceKey } from "./difference-cursor.ts";
import { toCsv } from "./csv.ts";
import { reportOf } from "./report.ts";
import type { DifferencePage, ListedDifference, Report } from "./report-schema.ts";
import { DIFFERENCES_LISTED_MAX, DIFFERENCES_PER_PAGE } from "./run.ts";
import { loadRun, selectDifferences } from "./runs-table.ts";

export function readReport({ sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">, id: string): Report | null {
  const run = loadRun(sql, id);
  if (run === null) return null;
  return reportOf(run, pageOf(sql, id, null, DIFFERENCES_PER_PAGE), loadPinnedAccount(kv));
}

/** Null also for a cursor that was not made here. */
export function readDifferences(
  sql: SqlStorage,
  id: string,
  cursor: string | null,
  limit: number,
): DifferencePage | null {
  const after = cursor === null ? null : decodeDifferenceCursor(cursor);
  if (loadRun(sql, id) === null || (cursor !== null && after === null)) return null;
  return pageOf(sql, id, after, limit);
}

/** All totals, counts and listed differences. */
export async function readCsv(sql: SqlStorage, id: string): Promise<string | null> {
  const run = loadRun(sql, id);
  if (run === null) return null;
  return toCsv({ ...run, differences: listed(sql, id, null, DIFFERENCES_LISTED_MAX) });
}

function pageOf(sql: SqlStorage, id: string, after: DifferenceKey | null, limit: number): DifferencePage {
  const rows = listed(sql, id, after, limit + 1);
  const differences = rows.slice(0, limit);
  const last = differences.at(-1);
  return {
    differences,
    next_cursor: rows.length > limit && last !== undefined ? last.key : null,
  };
}

function listed(sql: SqlStorage, id: string, after: DifferenceKey | null, limit: number): ListedDifference[] {
  return selectDifferences(sql, id, after, limit).map((difference) => asListed(sql, difference));
}
