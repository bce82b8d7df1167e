CREATE TABLE events (
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
  ) STRICT, WITHOUT ROWID;
CREATE INDEX open_events ON events (received_at) WHERE state IN ('received', 'forwarding', 'failed');
CREATE TABLE told (
  received_at INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (received_at, event_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE told_open (
  received_at INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  PRIMARY KEY (received_at, event_id)
) STRICT, WITHOUT ROWID;
INSERT INTO events VALUES (1790000000000, 'evt_received', 1, 'payment_intent.succeeded', 'received', NULL, NULL, 'acc_1', 'pi_1', '100', 'USD', 0, 1790000000000, 1790000090000, 0);
INSERT INTO events VALUES (1790000000001, 'evt_forwarding', 2, 'payment_intent.succeeded', 'forwarding', NULL, NULL, 'acc_1', 'pi_2', '200', 'USD', 1, 1790000000002, 1790000090001, 0);
INSERT INTO events VALUES (1790000000002, 'evt_failed', 3, 'charge.refunded', 'failed', 'ledger_unavailable', 'LEDGER_INGEST_FAILED', 'acc_2', 'ch_1:500:17', '500', 'EUR', 2, 1790000000003, 1790000015000, 7);
INSERT INTO events VALUES (1790000000003, 'evt_unmappable', 1, 'payout.paid', 'failed', 'account_missing', 'EVENT_UNMAPPABLE', NULL, NULL, NULL, NULL, 0, 1790000000003, NULL, 0);
INSERT INTO events VALUES (1790000000004, 'evt_forwarded', 3, 'payment_intent.succeeded', 'forwarded', NULL, NULL, 'acc_1', 'pi_3', '300', 'USD', 1, 1790000000100, NULL, 0);
INSERT INTO events VALUES (1790000000005, 'evt_resolved', 4, 'payment_intent.succeeded', 'resolved', 'booked_by_hand', NULL, 'acc_1', 'pi_4', '400', 'USD', 3, 1790000000200, NULL, 0);
INSERT INTO events VALUES (1790000000006, 'evt_ignored', 1, 'customer.created', 'ignored', 'no_money', NULL, NULL, NULL, NULL, NULL, 0, 1790000000006, NULL, 0);
INSERT INTO told VALUES (1790000000003, 'evt_unmappable', 1);
INSERT INTO told_open VALUES (1790000000002, 'evt_failed');
