/**
 * In the order in which an ingest runs them; no request runs all. The last two undo a debit without funds.
 */
export const STATEMENTS = [
  "find_answer",
  "find_account",
  "find_settlement",
  "insert_settlement",
  "update_status",
  "read_balance",
  "update_balance",
  "insert_event",
  "update_latest_event_id",
  "read_settlement",
  "insert_answer",
  "delete_settlement",
  "restore_status",
] as const;

export type Statement = (typeof STATEMENTS)[number];
