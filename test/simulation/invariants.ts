/** What must hold at every moment of a history. Each check names the promise that would be broken. */
import { isDeepStrictEqual } from "node:util";
import { wakeAt } from "../../src/event/machine.ts";
import { type EventRecord, isFinal, isInAttempt } from "../../src/event/record.ts";
import type { Snapshot } from "../../src/event/delivery-answer.ts";
import { type DeliveryReply, snapshotOf } from "../../src/event/snapshot.ts";
import { payloadOf } from "../../src/event/view.ts";
import type { IndexModel } from "./index-model.ts";
import type { EventObject, Instance } from "./object.ts";
import type { Cells } from "./storage.ts";
import { DAY, HOUR, MINUTE } from "../../scripts/lib/durations.ts";
import { POLICY, type World } from "./world.ts";

/** A `Retry-After` may ask for this much, and half a delay is added to it. */
const LONGEST_RETRY_MS = DAY + HOUR;
/** An alarm may be this much later than its record wants: a handler looks again at an attempt under way. */
const ALARM_SLACK_MS = 2 * MINUTE;

/** What one event has shown of itself so far. */
interface Shown {
  payload: string | null;
  /** Bodies of 2xx answers, by state. */
  readonly told: Map<string, Snapshot>;
  /** States that a 2xx told of as the first to do so. */
  readonly firsts: Set<string>;
  /** Every snapshot that was ever durable. */
  readonly durable: Snapshot[];
  /** Before the purge. */
  last: EventRecord | null;
  readonly operatorActs: Set<string>;
}

export class Watch {
  readonly events = new Map<string, Shown>();
  readonly #world: World;
  readonly #index: IndexModel;
  /** Requests to the ledger that an instance waits for. */
  readonly #asking = new Map<Instance, number>();

  constructor(world: World, index: IndexModel) {
    this.#world = world;
    this.#index = index;
  }

  shown(id: string): Shown {
    const known = this.events.get(id);
    if (known !== undefined) return known;
    const shown: Shown = {
      payload: null,
      told: new Map(),
      firsts: new Set(),
      durable: [],
      last: null,
      operatorActs: new Set(),
    };
    this.events.set(id, shown);
    return shown;
  }

  asks(object: EventObject, instance: Instance): void {
    const asking = (this.#asking.get(instance) ?? 0) + 1;
    this.#asking.set(instance, asking);
    if (asking > 1) this.#world.violate(object.id, "asks the ledger while it waits for the ledger");
  }

  hears(instance: Instance): void {
    this.#asking.set(instance, (this.#asking.get(instance) ?? 1) - 1);
  }

  ingestLeaves(object: EventObject, payload: string, key: string): void {
    const { id } = object;
    const { record, alarm } = object.storage.durable;
    const shown = this.shown(id);
    this.#world.count("attempts");
    if (key !== `stripe:event:${id}`) this.#world.violate(id, `sends the key ${key}`);
    if (shown.payload !== null && shown.payload !== payload) this.#world.violate(id, "sends other bytes");
    shown.payload ??= payload;
    if (record === null || record.state !== "forwarding" || payloadOf(record) !== payload) {
      this.#world.violate(id, `asks the ledger while ${record?.state ?? "nothing"} is durable`);
    }
    if (alarm === null) this.#world.violate(id, "asks the ledger without a durable alarm");
  }

  lookupLeaves(object: EventObject): void {
    const { id } = object;
    const { record, alarm } = object.storage.durable;
    this.#world.count("look-ups");
    if (record?.state !== "received") {
      this.#world.violate(id, `asks for the account while ${record?.state ?? "nothing"} is durable`);
    }
    if (alarm === null) this.#world.violate(id, "asks for the account without a durable alarm");
    if (this.shown(id).payload !== null) this.#world.violate(id, "asks again for an account it has sent");
  }

  /** At the moment an answer leaves the object. */
  replies(object: EventObject, reply: DeliveryReply): void {
    this.#world.count(`answer: ${reply.kind}`);
    if (reply.kind !== "ok") return;
    const { id } = object;
    const { told, durable, firsts } = this.shown(id);
    const { snapshot, deduped } = reply;
    const before = told.get(snapshot.state);
    if (before !== undefined && !isDeepStrictEqual(before, snapshot)) {
      this.#world.violate(id, `answers ${JSON.stringify(snapshot)} after ${JSON.stringify(before)}`);
    }
    const mayFollow = [...told.keys()].every((state) => state === "failed");
    if (before === undefined && !mayFollow) {
      this.#world.violate(id, `answers ${snapshot.state} after ${[...told.keys()].join(", ")}`);
    }
    told.set(snapshot.state, snapshot);
    if (!durable.some((was) => isDeepStrictEqual(was, snapshot))) {
      this.#world.violate(id, `answers ${snapshot.state}, which is not durable`);
    }
    if (deduped) return;
    if (firsts.has(snapshot.state))
      this.#world.violate(id, `answers ${snapshot.state} anew for a second time`);
    firsts.add(snapshot.state);
  }

  committed(object: EventObject, before: Cells, after: Cells): void {
    const { id } = object;
    const { record, alarm } = after;
    const shown = this.shown(id);
    this.#world.say(id, () => describe(before, after, this.#world.time.now));
    if (record === null) {
      if (before.record !== null) this.#checkPurge(id, before.record);
      return;
    }
    shown.last = record;
    const snapshot = snapshotOf(record);
    if (snapshot !== null && before.record?.state !== record.state) shown.durable.push(snapshot);
    if (before.record !== null && before.record !== record) this.#checkStep(id, before.record, record);
    this.#checkWakeUp(id, record, alarm);
    if (before.record === record && before.alarm !== alarm) this.#checkFlag(id, record, alarm);
  }

  #checkPurge(id: string, record: EventRecord): void {
    this.#world.count("purges");
    const age = this.#world.time.now - record.updated_at;
    if (!isFinal(record)) this.#world.violate(id, `is purged while ${record.state}`);
    if (age < POLICY.retentionMs - 1_000) this.#world.violate(id, `is purged after ${age} ms`);
  }

  #checkStep(id: string, before: EventRecord, after: EventRecord): void {
    if (isFinal(before) && before.state !== after.state) {
      this.#world.violate(id, `goes from ${before.state} to ${after.state}`);
    }
    if (isRefused(before) && isInAttempt(after) && after.attempt.trigger !== "operator") {
      this.#world.violate(id, `is tried again by ${after.attempt.trigger} after it failed for good`);
    }
    if (after.revision < before.revision || after.attempts < before.attempts) {
      this.#world.violate(id, "counts backwards");
    }
    if (after.state !== before.state && after.revision === before.revision) {
      this.#world.violate(id, `goes to ${after.state} without a new revision`);
    }
    const payload = payloadOf(before);
    if (payload !== null && after.state !== "resolved" && payloadOf(after) !== payload) {
      this.#world.violate(id, "keeps other bytes than before");
    }
    if (after.state !== "failed" || after.cause !== "ledger" || before.state === "failed") return;
    const { next_retry_at, received_at, updated_at, error, actions } = after;
    const lastRetry = actions.findLast(({ action }) => action === "retry");
    const horizon = Math.max(received_at, lastRetry?.at ?? 0) + POLICY.retryHorizonMs;
    if (next_retry_at !== null && next_retry_at > Math.min(updated_at + LONGEST_RETRY_MS, horizon)) {
      this.#world.violate(id, `waits ${next_retry_at - updated_at} ms for the next attempt`);
    }
    const gaveNoTime = error.ledger_status !== 429;
    if (next_retry_at !== null && gaveNoTime && next_retry_at > updated_at + POLICY.retryMaxMs) {
      this.#world.violate(id, `waits ${next_retry_at - updated_at} ms for the next attempt`);
    }
    if (next_retry_at === null && error.outcome !== "rejected" && updated_at < horizon) {
      this.#world.violate(id, "gives up before the horizon");
    }
  }

  /** Until the index knows of a change, the alarm stays near: it is what comes back to tell. */
  #checkFlag(id: string, record: EventRecord, alarm: number | null): void {
    if (isInAttempt(record)) return;
    const listed = this.#index.rows.get(id)?.revision ?? 0;
    if (listed >= record.revision) return;
    if (alarm !== null && alarm <= this.#world.time.now + ALARM_SLACK_MS) return;
    this.#world.violate(id, `sleeps while r${record.revision} is listed as r${listed}`);
  }

  /** Nothing durable may sleep for ever that has something to do. */
  #checkWakeUp(id: string, record: EventRecord, alarm: number | null): void {
    const wanted = wakeAt(record, POLICY);
    if (wanted === null) return;
    if (alarm === null) return this.#world.violate(id, `is ${record.state} without an alarm`);
    const latest = Math.max(wanted, this.#world.time.now) + ALARM_SLACK_MS;
    if (alarm > latest) this.#world.violate(id, `is ${record.state} and wakes ${alarm - latest} ms late`);
  }
}

/** An operator's to move, and nobody else's. */
function isRefused(record: EventRecord): boolean {
  return record.state === "failed" && record.cause === "ledger" && record.next_retry_at === null;
}

function describe(before: Cells, after: Cells, now: number): string {
  const { record, alarm } = after;
  const alarmText = alarm === null ? "no alarm" : `alarm in ${((alarm - now) / 1_000).toFixed(1)} s`;
  if (record === null) return before.record === null ? alarmText : "purged";
  if (record === before.record) return alarmText;
  const retry = record.state === "failed" && record.cause === "ledger" ? record.next_retry_at : null;
  const error = "error" in record && record.error !== null ? record.error : null;
  const facts = [
    `r${record.revision}`,
    `attempt ${record.attempts}`,
    ...(isInAttempt(record) ? [record.attempt.trigger] : []),
    ...(error === null ? [] : [`${error.outcome} ${error.ledger_status} ${error.ledger_code}`]),
    ...(retry === null ? [] : [`retry in ${((retry - now) / 1_000).toFixed(1)} s`]),
  ];
  return `DURABLE ${record.state} (${facts.join(", ")}), ${alarmText}`;
}
