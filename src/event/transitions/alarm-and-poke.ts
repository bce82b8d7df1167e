/** Waking without a delivery: the object's own alarm, or the watchdog's poke. Pure. */
import { keptUntil } from "../kept-until.ts";
import { type EventRecord, type Failed, isFinal, type Trigger } from "../record.ts";
import { type Context, LEASE_MARGIN_MS, type Step } from "../machine-types.ts";
import { afterLostAttempt, beginAttempt, quiet } from "./attempt.ts";

const NOTHING: Step = { record: null, effects: [], verdict: "unknown_event" };

/**
 * The alarm's time is the flag: before the time that the record wants, it means that the attempt was cut off
 * between its outcome and the index. So publish, which also moves the alarm to where it belongs.
 */
export function onAlarm(record: EventRecord | null, context: Context): Step {
  if (record === null) return NOTHING;
  const { now, policy } = context;
  switch (record.state) {
    case "received":
    case "forwarding": {
      if (context.inFlight) return waitUntil(record, now + LEASE_MARGIN_MS);
      const { lease_expires_at } = record.attempt;
      return now < lease_expires_at
        ? waitUntil(record, lease_expires_at)
        : afterLostAttempt(record, "alarm", context);
    }
    case "failed":
      return retryIfDue(record, "alarm", context);
    case "forwarded":
    case "resolved":
    case "ignored": {
      const expired = now >= keptUntil(record, policy);
      return expired ? { record, effects: [{ kind: "purge" }], verdict: "done" } : publish(record);
    }
  }
}

/** The watchdog thinks that this event's alarm is lost. It may be wrong: only what is overdue is moved. */
export function onPoke(record: EventRecord | null, context: Context): Step {
  if (record === null) return NOTHING;
  if (isFinal(record)) return publish(record);
  if (record.state === "failed") return retryIfDue(record, "watchdog", context);
  if (context.inFlight) return quiet(record, "joined");
  return context.now < record.attempt.lease_expires_at
    ? quiet(record, "stored")
    : afterLostAttempt(record, "watchdog", context);
}

function retryIfDue(record: Failed, trigger: Trigger, context: Context): Step {
  if (record.cause !== "ledger" || record.next_retry_at === null) return publish(record);
  if (context.now < record.next_retry_at) return publish(record);
  return beginAttempt(record, record.work, trigger, context);
}

function waitUntil(record: EventRecord, at: number): Step {
  return { record, effects: [{ kind: "set_alarm", at }], verdict: "stored" };
}

function publish(record: EventRecord): Step {
  return { record, effects: [{ kind: "publish" }], verdict: "stored" };
}
