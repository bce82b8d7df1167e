/**
 * How many events came of connected accounts that are not listed, by account: nothing else is kept of them.
 * An account's row is in the shard that the account's id names.
 */
export interface UnlistedAccount {
  /** `acct_…`; null: all that are not counted by themselves. */
  readonly account: string | null;
  readonly events: number;
  /** Epoch milliseconds. */
  readonly first_at: number;
  readonly last_at: number;
}

/**
 * A shard counts so many by themselves, so that a platform of very many accounts fills no disk and no page.
 */
export const ACCOUNTS_PER_SHARD = 200;
/**
 * The account of an event is a text of any kind; one of another form cannot
 * be listed, nor be a label of a metric.
 */
const ACCOUNT_ID = /^acct_[A-Za-z0-9]{1,250}$/;
/** Stands for the account of all others. */
const OTHERS = "";

/**
 * One event more. A call that is repeated, because its answer was lost,
 * counts twice: it is a number to look at.
 */
export function countUnlisted(sql: SqlStorage, account: string, now: number): void {
  addUnlisted(sql, { account, events: 1, first_at: now, last_at: now });
}

export function addUnlisted(sql: SqlStorage, { account, events, first_at, last_at }: UnlistedAccount): void {
  sql.exec(
    `INSERT INTO unlisted_accounts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET events = events + excluded.events,
    first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
    account !== null && countsByItself(sql, account) ? account : OTHERS,
    events,
    first_at,
    last_at,
  );
}

/** As they move to another shard. */
export function takeUnlisted(sql: SqlStorage): UnlistedAccount[] {
  const accounts = unlistedAccounts(sql);
  sql.exec("DELETE FROM unlisted_accounts");
  return accounts;
}

function countsByItself(sql: SqlStorage, account: string): boolean {
  if (!ACCOUNT_ID.test(account)) return false;
  const { known, counted } = sql
    .exec<{ known: number; counted: number }>(
      "SELECT count(*) FILTER (WHERE account = ?) AS known, count(*) AS counted FROM unlisted_accounts WHERE account <> ?",
      account,
      OTHERS,
    )
    .one();
  return known > 0 || counted < ACCOUNTS_PER_SHARD;
}

export function unlistedAccounts(sql: SqlStorage): UnlistedAccount[] {
  const rows = sql.exec(
    "SELECT nullif(account, ?) AS account, events, first_at, last_at FROM unlisted_accounts",
    OTHERS,
  );
  return rows.toArray() as unknown as UnlistedAccount[];
}

/** Those of which nothing has come since `cutoff`. */
export function purgeUnlisted(sql: SqlStorage, cutoff: number): void {
  sql.exec("DELETE FROM unlisted_accounts WHERE last_at <= ?", cutoff);
}
