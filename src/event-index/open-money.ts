/** How much money is in open events. */
import { IS_OPEN, OPEN_EVENTS, type Where } from "./filter.ts";
import type { Money } from "./sum-by-currency.ts";

const MILLION = 1_000_000;

/**
 * Open events that the condition matches. Where the amount or its currency could not be read, the sum has
 * neither. SQLite's integers end at 2⁶³, which a thousand of the largest amounts exceed: so millions and the
 * rest are summed apart, and come out as text, since a number that leaves SQLite is a double.
 */
export function openMoney(sql: SqlStorage, where: Where): Money[] {
  const rows = sql.exec<{ currency: string | null; count: number; millions: string; rest: string }>(
    `SELECT CASE WHEN amount_minor <> '' AND amount_minor NOT GLOB '*[^0-9]*' THEN currency END AS currency, count(*) AS count,
      CAST(sum(CAST(amount_minor AS INTEGER) / ${MILLION}) AS TEXT) AS millions,
      CAST(sum(CAST(amount_minor AS INTEGER) % ${MILLION}) AS TEXT) AS rest
    FROM ${OPEN_EVENTS} WHERE ${IS_OPEN} AND ${where.sql} GROUP BY 1`,
    ...where.params,
  );
  return rows.toArray().map(({ currency, count, millions, rest }) => ({
    currency,
    count,
    amount_minor: currency === null ? null : String(BigInt(millions) * BigInt(MILLION) + BigInt(rest)),
  }));
}
