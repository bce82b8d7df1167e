/**
 * Differences that an operator has accepted: of each its whole content, so that another difference of the
 * same money is found again. The table is the Reconciler's.
 */
import { decimalAmount } from "../format-money.ts";
import { type Acceptance, type Difference, DIFFERENCE_FIELDS, type Judged, subjectOf } from "./findings.ts";
import { type DifferenceKey, keyOf } from "./difference-cursor.ts";
import type { ListedDifference } from "./report-schema.ts";

const SCHEMA = `CREATE TABLE IF NOT EXISTS acceptances (
  subject TEXT NOT NULL, kind TEXT NOT NULL, field TEXT NOT NULL,
  difference TEXT NOT NULL, acceptance TEXT NOT NULL, accepted_at INTEGER NOT NULL,
  PRIMARY KEY (subject, kind, field)
) STRICT, WITHOUT ROWID`;

/** Writes nothing when it is there already. */
export function createAcceptances(sql: SqlStorage): void {
  sql.exec(SCHEMA);
}

/** One of another difference with the same key is replaced. */
export function insertAcceptance(sql: SqlStorage, difference: Difference, acceptance: Acceptance): void {
  sql.exec(
    `INSERT INTO acceptances (subject, kind, field, difference, acceptance, accepted_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET difference = excluded.difference, acceptance = excluded.acceptance,
      accepted_at = excluded.accepted_at`,
    subjectOf(difference),
    difference.kind,
    difference.field,
    textOf(difference),
    JSON.stringify(acceptance),
    Date.parse(acceptance.accepted_at),
  );
}

export function deleteAcceptance(sql: SqlStorage, { subject, kind, field }: DifferenceKey): void {
  sql.exec("DELETE FROM acceptances WHERE subject = ? AND kind = ? AND field = ?", subject, kind, field);
}

/** null: nobody has accepted it, or another difference of the same money was accepted. */
export function acceptanceOf(sql: SqlStorage, difference: Difference): Acceptance | null {
  const { kind, field } = difference;
  const [row] = sql
    .exec<{ acceptance: string }>(
      "SELECT acceptance FROM acceptances WHERE subject = ? AND kind = ? AND field = ? AND difference = ?",
      subjectOf(difference),
      kind,
      field,
      textOf(difference),
    )
    .toArray();
  return row === undefined ? null : (JSON.parse(row.acceptance) as Acceptance);
}

/** With who has accepted it by now, whatever it was when a run found it. */
export function asListed(sql: SqlStorage, difference: Difference): ListedDifference {
  const { currency, amount_minor } = difference;
  const amount = currency === null || amount_minor === null ? null : decimalAmount(amount_minor, currency);
  return { ...difference, key: keyOf(difference), amount, accepted: acceptanceOf(sql, difference) };
}

/** Accepted before the cutoff. */
export function purgeAcceptances(sql: SqlStorage, cutoff: number): void {
  sql.exec("DELETE FROM acceptances WHERE accepted_at < ?", cutoff);
}

export function judgedBy(sql: SqlStorage): (difference: Difference) => Judged {
  return (difference) => ({ ...difference, accepted: acceptanceOf(sql, difference) });
}

/** Its fields in a fixed order, and only them. */
function textOf(difference: Difference): string {
  return JSON.stringify(DIFFERENCE_FIELDS.map((field) => difference[field]));
}
