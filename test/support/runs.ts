/** Builders: one run of the Reconciler per status. Every run has passed the store's own schema. */
import { START_OF_LIST } from "../../src/reconciler/list-position.ts";
import type { Judged, Kind } from "../../src/reconciler/findings.ts";
import { type Finished, type Run, type Running, runSchema } from "../../src/reconciler/run.ts";
import { HOUR, T0 } from "./records.ts";

export const RUN_ID = "rec_1";
export const SHA256 = "ab".repeat(32);

/** Asked for at T0, about the hour before. It waits for its turn. */
const COMMON = {
  id: RUN_ID,
  origin: "operator",
  actor: "ana",
  from: T0 - HOUR,
  to: T0,
  dry_run: false,
  gap: null,
  created_at: T0,
  started_at: null,
  pages: 0,
  events: 0,
  reached: null,
  totals: [],
  counts: {},
  listed: 0,
};

type Overrides = Readonly<Record<string, unknown>>;

function build<R extends Run>(fields: Overrides, overrides: Overrides): R {
  return runSchema.parse({ ...COMMON, ...fields, ...overrides }) as R;
}

export const runningRun = (overrides: Overrides = {}) =>
  build<Running>(
    {
      status: "running",
      cursor: START_OF_LIST,
      walked: false,
      acting: {},
      failures: 0,
      last_failure: null,
      next_try_at: null,
      cancel_requested: false,
    },
    overrides,
  );

export const completeRun = (overrides: Overrides = {}) =>
  build<Extract<Finished, { status: "complete" }>>(
    { status: "complete", finished_at: T0 + HOUR, content_sha256: SHA256 },
    overrides,
  );

export const failedRun = (overrides: Overrides = {}) =>
  build<Extract<Finished, { status: "failed" }>>(
    { status: "failed", finished_at: T0 + HOUR, error: "internal" },
    overrides,
  );

export const cancelledRun = (overrides: Overrides = {}) =>
  build<Extract<Finished, { status: "cancelled" }>>(
    { status: "cancelled", finished_at: T0 + HOUR },
    overrides,
  );

/** Of an account before its first run. */
export const NEVER_RECONCILED = {
  since: null,
  complete_up_to: null,
  behind_seconds: null,
  gaps: [],
  pending_gap: null,
  last_run: null,
};

/** In /v1/admin/stats and the console before the first run. */
export const NOTHING_RECONCILED = { account: null, ...NEVER_RECONCILED, connected_accounts: [] };

/** A payout that the ledger holds with another amount. */
export const DIFFERENCE: Judged = {
  event_id: "evt_1",
  event_type: "payout.paid",
  created_at: "2027-01-15T00:00:00.000Z",
  kind: "mismatched",
  field: "amount_minor",
  ours: "1",
  theirs: "2",
  reason: null,
  payment_id: "po_1",
  direction: "payout",
  status: "confirmed",
  currency: "USD",
  amount_minor: "1",
  transaction_id: null,
  settlement_id: null,
  accepted: null,
};

export const ACCEPTANCE = { actor: "ana", note: "paid by hand", accepted_at: "2027-01-16T00:00:00.000Z" };

export function differenceOf(kind: Kind): Judged {
  return { ...DIFFERENCE, kind };
}
