/** What an event's object may hold: a record of each state, and one with all that a record can keep. */
import type { EventRecord } from "../../../src/event/record.ts";
import { digest, EVERY_STATE, forwarded, T0 } from "../../support/records.ts";

export const RECORDS: Readonly<Record<string, () => EventRecord>> = {
  ...EVERY_STATE,
  "forwarded, with all that can be kept": () =>
    forwarded({
      account: "acct_1",
      attempts: 2,
      conflict: { count: 1, last_at: T0 + 9, last_body_sha256: digest(0xef) },
      deliveries: 3,
      log: [
        [1, "alarm", T0, 12, "unavailable", 503],
        [2, "operator", T0 + 5, 7, "accepted", 201],
      ],
      secret: null,
      actions: [
        { action: "assign", account_id: "acc_1", actor: "ana", note: "hers", at: T0 + 1 },
        { action: "resolve", actor: "ana", note: "by hand", at: T0 + 2 },
        { action: "reopen", actor: "bo", note: "it was not", at: T0 + 3 },
        { action: "retry", actor: "bo", note: null, at: T0 + 4 },
      ],
    }),
};
