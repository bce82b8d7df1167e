/** Settlements are JSON documents; the columns beside are read from them, for conditions and indexes. */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, did TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS settlements (
    document TEXT NOT NULL, latest_event_id TEXT,
    id TEXT AS (document ->> 'id'),
    external_payment_id TEXT AS (document ->> 'external_payment_id'), direction TEXT AS (document ->> 'direction'),
    status TEXT AS (document ->> 'status'), account_id TEXT AS (document ->> 'account_id'),
    created_at TEXT AS (document ->> 'created_at')
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS settlements_by_id ON settlements (id);
  CREATE UNIQUE INDEX IF NOT EXISTS settlements_by_natural_key ON settlements (external_payment_id, direction);
  CREATE INDEX IF NOT EXISTS settlements_by_age ON settlements (created_at, id);
  CREATE TABLE IF NOT EXISTS journal (
    account_id TEXT, currency TEXT, settlement_id TEXT, event_type TEXT,
    delta_minor INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (settlement_id, event_type)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS journal_by_account ON journal (account_id, currency, delta_minor);
  CREATE TABLE IF NOT EXISTS events (
    settlement_id TEXT, event_type TEXT, id TEXT NOT NULL, event_hash TEXT NOT NULL, created_at TEXT NOT NULL,
    PRIMARY KEY (settlement_id, event_type)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS answers (
    idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS journal_keeps_entries BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
  CREATE TRIGGER IF NOT EXISTS journal_changes_no_entry BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
`;
