/**
 * What failed for want of a payment is tried again once the payment is settled, or has an account: its
 * refunds and disputes, and what came back of those. Past their retry horizon nothing else would ever move
 * them.
 *
 * After the answer, and within limits: what it leaves is `failed` as before, stands in the lists, and an
 * operator's next retry of the payment comes back to it.
 */
import { concurrently } from "../concurrently.ts";
import type { EventState } from "../event/event-state.ts";
import type { EventSummary } from "../event-index/event-summary.ts";
import * as index from "../event-index/queries.ts";
import { log } from "../log.ts";
import { sourcePaymentOf } from "../settlement/settlement.ts";
import { askIndex, type OperatorCall } from "./operator-call.ts";
import { RETRIES_AT_ONCE, retryOne } from "./retry-one.ts";

/**
 * Together with a bulk retry of 200 events under the 1,000 requests that one invocation may make: an event
 * that must be mapped again takes two, and only one that was attempted has a second round.
 */
const DEPENDENTS_MAX = 100;
/** A return waits for its debit, which waits for its payment. */
const ROUNDS_MAX = 3;
/** After its answer an invocation has 30 s. The last attempt begun must come to its end in them. */
const BUDGET_MS = 15_000;

/** `settled`: events of payments that others may have waited for. Never throws. */
export async function retryDependents(
  call: OperatorCall,
  settled: readonly EventState[],
  actor: string,
): Promise<void> {
  const payments = settled.flatMap(({ settlement }) => (settlement && sourcePaymentOf(settlement)) ?? []);
  if (payments.length === 0) return;
  const startedAt = Date.now();
  const filter = { state: "failed", source_payment_ids: [...new Set(payments)] } as const;
  const found = await askIndex(call, (place) => index.findOpen(place, filter, null, DEPENDENTS_MAX));
  const line = { msg: "dependents_retried", request_id: call.requestId, payments: payments.length };
  if (!found.ok) return log("error", { ...line, outcome: found.failure.kind });
  const settledIds = new Set(settled.map(({ event_id }) => event_id));
  let waiting: readonly EventSummary[] = found.value.filter(({ event_id }) => !settledIds.has(event_id));
  if (waiting.length === 0) return;
  const counts = { found: waiting.length, forwarded: 0, out_of_time: 0 };
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const outcomes = await concurrently(waiting, RETRIES_AT_ONCE, async (event): Promise<Outcome> => {
      return Date.now() - startedAt > BUDGET_MS ? "out_of_time" : retry(call, event, actor);
    });
    const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
    const forwarded = count("forwarded");
    counts.forwarded += forwarded;
    counts.out_of_time += count("out_of_time");
    waiting = waiting.filter((_, i) => outcomes[i] === "waits");
    if (forwarded === 0 || waiting.length === 0) break;
  }
  log("info", { ...line, ...counts, duration_ms: Date.now() - startedAt });
}

type Outcome = "forwarded" | "waits" | "stays" | "out_of_time";

async function retry(call: OperatorCall, event: EventSummary, actor: string): Promise<Outcome> {
  const note = `tried again with its payment ${event.source_payment_id}`;
  const retried = await retryOne(call, event.event_id, { actor, note }, "any");
  if (!retried.ok) return "stays";
  const { state, next_retry_at } = retried.value.event;
  if (state === "forwarded") return "forwarded";
  return state === "failed" && next_retry_at !== null ? "waits" : "stays";
}
