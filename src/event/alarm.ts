/**
 * The alarm's two duties besides the lease: to be the flag of what the index does not know yet, and to be
 * there. Over ports; the rule of when a record wants to wake is the machine's.
 */
import { errorName } from "../error-name.ts";
import { wakeAt } from "./machine.ts";
import type { Ports } from "./ports.ts";
import { type EventRecord, isFinal, isInAttempt } from "./record.ts";
import { LEASE_MARGIN_MS, type Policy } from "./machine-types.ts";
import { summaryOf } from "./view.ts";

/** An alarm that is later than this is taken for lost: alarms have stayed overdue for days in production. */
const ALARM_GRACE_MS = 60_000;
/** When the index, or our own code, failed during an alarm: how soon to wake again, about; and at most. */
export const ALARM_RETRY_MS = 60_000;
const PUBLISH_RETRY_MAX_MS = 3_600_000;

/**
 * Publishes the row, and only then moves the alarm to where the record wants it. Never rejects: the alarm
 * that stands as the flag then stays where it is, and asks again.
 */
export async function publishThenMoveAlarm(ports: Ports, policy: Policy, record: EventRecord): Promise<void> {
  try {
    const published = await publish(ports, record);
    moveAlarm(ports, policy, record, published);
  } catch (error) {
    ports.log("error", { msg: "publish_failed", event_id: record.event_id, error: errorName(error) });
  }
}

async function publish({ index, log }: Ports, record: EventRecord): Promise<boolean> {
  try {
    await index.publish(summaryOf(record));
    return true;
  } catch (error) {
    log("error", { msg: "publish_failed", event_id: record.event_id, error: errorName(error) });
    return false;
  }
}

function moveAlarm(
  { store, alarm, now, random }: Ports,
  policy: Policy,
  record: EventRecord,
  published: boolean,
): void {
  // A newer step has its own row to publish, and the alarm is its flag until then.
  const current = store.load();
  if (current?.revision !== record.revision) return;
  const wanted = wakeAt(current, policy);
  const at = published
    ? wanted
    : Math.min(wanted ?? Infinity, now() + publishRetryMs(current, now(), random()));
  if (at === null) alarm.clear();
  else alarm.set(Math.max(at, now() + 1));
}

/**
 * About as long again as the row has waited already, up to an hour: an index that comes back is not overrun.
 */
function publishRetryMs({ updated_at }: EventRecord, now: number, random: number): number {
  const waited = Math.min(PUBLISH_RETRY_MAX_MS, Math.max(ALARM_RETRY_MS, now - updated_at));
  return Math.round(Math.min(PUBLISH_RETRY_MAX_MS, waited * (0.5 + random)));
}

/**
 * Whether only an operator moves this record, and nothing says that its row is still to be published: then
 * the alarm that was to do so may have been lost, and the row is all that shows the event. The index takes it
 * once.
 */
export async function mayBeUnseen({ store, alarm, now }: Ports, policy: Policy): Promise<boolean> {
  const record = store.load();
  if (record?.state !== "failed" || wakeAt(record, policy) !== null) return false;
  const standing = await alarm.get();
  return standing === null || standing < now() - ALARM_GRACE_MS;
}

/**
 * A record that is not final, and waits for an alarm that is missing or
 * overdue, gets one again. True when it did.
 *
 * Nobody knows what the lost alarm was for: a retry, or a row that was never published. So the new one is the
 * flag of an unpublished row, soon, and the caller publishes, which moves it. `attemptUnderWay` is asked
 * after the look at the alarm, since the world moves on during an `await`.
 */
export async function armAgain(
  ports: Ports,
  policy: Policy,
  attemptUnderWay: () => boolean,
): Promise<boolean> {
  const { store, alarm, now, log } = ports;
  if (wantsAlarm(store.load(), policy) === null) return false;
  const standing = await alarm.get();
  if (standing !== null && standing >= now() - ALARM_GRACE_MS) return false;
  const record = store.load();
  const at = wantsAlarm(record, policy);
  if (record === null || at === null || attemptUnderWay()) return false;
  log("warn", { msg: "alarm_rearmed", event_id: record.event_id, state: record.state });
  // An attempt under way has no row to publish: its lease's end is all that its alarm is for.
  const soon = isInAttempt(record) ? at : Math.min(at, now() + LEASE_MARGIN_MS);
  alarm.set(Math.max(soon, now() + 1));
  return true;
}

function wantsAlarm(record: EventRecord | null, policy: Policy): number | null {
  return record === null || isFinal(record) ? null : wakeAt(record, policy);
}
