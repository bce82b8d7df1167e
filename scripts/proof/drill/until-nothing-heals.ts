import type { Clawsettle } from "../../sandbox/clients/clawsettle.ts";
import { pollUntil } from "../../lib/poll.ts";

const PATIENCE = { timeoutMs: 1_800_000, everyMs: 1_000 };

/** Settles when all so many events are on record, and each is final or waits for an operator. */
export function untilNothingHeals(clawsettle: Pick<Clawsettle, "events">, events: number): Promise<true> {
  return pollUntil("every event to be settled or in front of an operator", PATIENCE, async () => {
    const rows = await clawsettle.events().catch(() => []);
    const isAtRest = rows.every(
      ({ state, next_retry_at }) =>
        state !== "received" && state !== "forwarding" && (state !== "failed" || next_retry_at === null),
    );
    return rows.length === events && isAtRest ? true : null;
  });
}
