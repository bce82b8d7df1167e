/** What is stored besides records and runs. Times are epoch milliseconds. */
import type { PinnedAccount } from "../../src/reconciler/pinned-account.ts";
import type { Watermark } from "../../src/reconciler/watermark.ts";
import type { Settings } from "../../src/stored-settings/settings-record.ts";
import { type Bounds, boundsAt } from "../../src/reconciler/window.ts";
import { DAY, HOUR, T0 } from "../support/records.ts";

type Examples<Value> = Readonly<Record<string, () => Value>>;

const FRESH: Watermark = {
  since: T0,
  complete_up_to: T0,
  gaps: [],
  last_started_at: null,
  last_run: null,
};

export const WATERMARKS: Examples<Watermark> = {
  "never moved": () => FRESH,
  "after a run that failed": () => ({
    ...FRESH,
    last_started_at: T0 + HOUR,
    last_run: { id: "rec_1", status: "failed", error: "stripe_unavailable", finished_at: T0 + 2 * HOUR },
  }),
  "with gaps": () => ({
    ...FRESH,
    complete_up_to: T0 + DAY,
    gaps: [
      { from: T0, to: T0 + HOUR, why: "mapping_changed" },
      { from: T0 + 2 * HOUR, to: T0 + 3 * HOUR, why: "too_late" },
    ],
    last_started_at: T0 + DAY,
    last_run: { id: "rec_2", status: "complete", error: null, finished_at: T0 + DAY },
  }),
};

const SETTING = { retentionMs: 30 * DAY };

export const BOUNDS: Examples<Bounds> = {
  "one naming ever": () => boundsAt(null, SETTING, T0),
  "renamed once": () => boundsAt({ purged_before: 0, naming: 1, renamed_at: null }, SETTING, T0),
};

export const ACCOUNTS: Examples<PinnedAccount> = {
  "confirmed by an operator": () => ({ id: "acct_1", livemode: true, actor: "ana", pinned_at: T0 }),
  "of a run without a name": () => ({ id: "acct_1", livemode: false, actor: null, pinned_at: T0 }),
};

export const LANE_MARKS: Examples<{ until: number }> = { "a request may be running": () => ({ until: T0 }) };

export const CLOSED_MOVEMENTS: Examples<{ closed_by: string[] }> = {
  "by one event": () => ({ closed_by: ["evt_1"] }),
  "by two events": () => ({ closed_by: ["evt_1", "evt_2"] }),
};

export const SETTINGS: Examples<{ settings: Settings }> = {
  "as first seen": () => ({ settings: { LEDGER_CURRENCIES: { value: "USD", since: T0, earlier: [] } } }),
  "changed since": () => ({
    settings: {
      LEDGER_BASE_URL: {
        value: "https://new.example",
        since: T0 + DAY,
        earlier: [{ value: "https://old.example", until: T0 + DAY }],
      },
    },
  }),
};
