/** Waits until all that can heal has healed. The drill's operator touches only what failed for good. */
import { setTimeout as sleep } from "node:timers/promises";
import { concurrently } from "../../../src/concurrently.ts";
import type { EventRow } from "../../sandbox/clients/clawsettle.ts";
import type { HistoryEvent } from "../histories/history.ts";
import type { DrillStack } from "./drill-stack.ts";
import { rightfulError } from "./expected-end.ts";

const TIMEOUT_MS = 240_000;
const POLL_MS = 500;
const RETRIES_AT_ONCE = 6;

export async function untilHealed(
  drill: DrillStack,
  events: readonly HistoryEvent[],
  retriesForGood: boolean,
) {
  const { clawsettle } = drill;
  const sent = new Map(events.map((event) => [event.id, event]));
  const retried = new Set<string>();
  const repaired = new Set<string>();
  const startedAt = performance.now();
  for (;;) {
    const rows = await clawsettle.events().catch(() => []);
    const failedForGood = rows.filter(
      (row) =>
        row.error_code === "LEDGER_INGEST_FAILED" && row.next_retry_at === null && !retried.has(row.event_id),
    );
    if (retriesForGood) {
      await concurrently(failedForGood, RETRIES_AT_ONCE, async ({ event_id }) => {
        retried.add(event_id);
        await clawsettle.retry(event_id);
      });
    }
    const unproven = rows.filter(
      (row) => row.error_code === "LEDGER_EFFECT_UNPROVEN" && row.next_retry_at === null,
    );
    // A refund's effect may have to wait for that of its payment.
    await concurrently(unproven, RETRIES_AT_ONCE, (row) => repair(drill, row).catch(() => null));
    for (const { event_id } of unproven) repaired.add(event_id);
    const done = rows.filter((row) => isDone(row, sent.get(row.event_id))).length;
    const complete = done === events.length && !(retriesForGood && failedForGood.length > 0);
    const ms = performance.now() - startedAt;
    // Not complete: the time was up, and the verdict will name what is missing.
    if (complete || ms > TIMEOUT_MS)
      return { seconds: ms / 1000, complete, operatorRetries: retried.size, repairs: repaired.size };
    await sleep(POLL_MS);
  }
}

/** As an operator does it: completes at the ledger what is missing there, then tries the event again. */
async function repair({ clawsettle, sandbox }: DrillStack, { event_id }: EventRow): Promise<void> {
  const settlement = (await clawsettle.event(event_id))?.settlement;
  if (!settlement) return;
  const { external_payment_id, direction } = settlement;
  await sandbox.completeEffect({ external_payment_id, direction });
  await clawsettle.retry(event_id);
}

function isDone({ state, error_code }: EventRow, event: HistoryEvent | undefined): boolean {
  if (event === undefined || state === "received" || state === "forwarding") return false;
  if (state !== "failed") return true;
  if (error_code === "LEDGER_EFFECT_UNPROVEN") return false;
  return rightfulError(event) !== null;
}
