/** What must hold at every moment of a history. Each check names the promise that would be broken. */
import { isDeepStrictEqual } from "node:util";
import { wakeAt } from "../../src/event/machine.ts";
import { type EventRecord, isFinal, isInAttempt } from "../../src/event/record.ts";
import type { Snapshot } from "../../src/event/delivery-answer.ts";
import { type DeliveryReply, snapshotOf } from "../../src/event/snapshot.ts";
import { payloadOf } from "../../src/event/view.ts";
import type { LaneRequest } from "../../src/ledger/lane.ts";
import type { SettleOutcome } from "../../src/ledger/port.ts";
import type { EventCells, EventObject } from "./event-object.ts";
import type { IndexModel } from "./index-model.ts";
import { checkStep, isGivenUp } from "./record-invariants.ts";
import type { Instance } from "./simulated-object.ts";
import { HOUR, MINUTE } from "../../scripts/lib/durations.ts";
import { POLICY, type World } from "./world.ts";

/** An alarm may be this much later than its record wants: a handler checks again on an attempt under way. */
const ALARM_SLACK_MS = 2 * MINUTE;

/**
 * The next try to publish may be this much later than the last, as a multiple of how long the row has waited.
 */
const PUBLISH_FACTOR = 1.5;

/** What one event has shown of itself so far. */
export interface Observed {
  payload: string | null;
  /** Bodies of 2xx answers, by state. */
  readonly answers: Map<string, Snapshot>;
  /** States that a 2xx was the first to report. */
  readonly firsts: Set<string>;
  /** Every snapshot that was ever durable. */
  readonly durable: Snapshot[];
  /** Before the purge. */
  last: EventRecord | null;
  /** An operator has asked to close it. */
  isClosed: boolean;
  /** Outcomes that proved no effect: how many, and since when. */
  unproven: { readonly since: number; readonly count: number };
}

export class Invariants {
  readonly #events = new Map<string, Observed>();
  readonly #world: World;
  readonly #index: IndexModel;
  /** Requests to the ledger, or to a lane, that an instance waits for. */
  readonly #pending = new Map<Instance, number>();
  /** Attempts whose last outcome was `busy`, by the instance that got it. */
  readonly #busy = new Map<Instance, EventRecord>();

  constructor(world: World, index: IndexModel) {
    this.#world = world;
    this.#index = index;
  }

  observed(id: string): Observed {
    const known = this.#events.get(id);
    if (known !== undefined) return known;
    const observed: Observed = {
      payload: null,
      answers: new Map(),
      firsts: new Set(),
      durable: [],
      last: null,
      isClosed: false,
      unproven: { since: Infinity, count: 0 },
    };
    this.#events.set(id, observed);
    return observed;
  }

  begins(object: EventObject, instance: Instance): void {
    const pending = (this.#pending.get(instance) ?? 0) + 1;
    this.#pending.set(instance, pending);
    if (pending > 1) this.#world.violate(object.id, "asks the ledger while it waits for the ledger");
  }

  /** `outcome`: null after a look-up. */
  ends(object: EventObject, instance: Instance, outcome: SettleOutcome | null): void {
    this.#pending.set(instance, (this.#pending.get(instance) ?? 1) - 1);
    if (outcome === null || !instance.alive) return;
    this.#world.count(`outcome: ${outcome.kind}`);
    const { record } = object.storage.cells;
    if (outcome.kind === "busy" && record !== null) this.#busy.set(instance, record);
    if (outcome.kind !== "unproven") return;
    const observed = this.observed(object.id);
    const { since, count } = observed.unproven;
    observed.unproven = { since: Math.min(since, this.#world.time.now), count: count + 1 };
  }

  turnLeaves(object: EventObject, { payload, idempotency_key, read_back }: LaneRequest): void {
    const { id } = object;
    const { record, alarm } = object.storage.durable;
    const observed = this.observed(id);
    this.#world.count("attempts");
    if (idempotency_key !== `stripe:event:${id}`) this.#world.violate(id, `sends the key ${idempotency_key}`);
    if (observed.payload !== null && observed.payload !== payload)
      this.#world.violate(id, "sends other bytes");
    observed.payload ??= payload;
    if (record === null || record.state !== "forwarding" || payloadOf(record) !== payload) {
      this.#world.violate(id, `asks the ledger while ${record?.state ?? "nothing"} is durable`);
    } else if (read_back !== (record.work.unproven !== undefined)) {
      this.#world.violate(id, read_back ? "reads back what it has not sent" : "sends again what is unproven");
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
    if (this.observed(id).payload !== null) this.#world.violate(id, "asks again for an account it has sent");
  }

  laneIsLate(object: EventObject): void {
    this.#world.violate(object.id, "waits for a lane that neither answers nor was reset");
  }

  /** Nothing was sent, so nothing counts. */
  saves(object: EventObject, instance: Instance, after: EventRecord): void {
    const before = this.#busy.get(instance);
    if (before === undefined || isInAttempt(after)) return;
    this.#busy.delete(instance);
    if (after.attempts === before.attempts - 1 && isDeepStrictEqual(after.log, before.log)) return;
    this.#world.violate(object.id, "counts an attempt that a busy lane did not let through");
  }

  /** At the moment an answer leaves the object. */
  replies(object: EventObject, reply: DeliveryReply): void {
    this.#world.count(`answer: ${reply.kind}`);
    if (reply.kind !== "ok") return;
    const { id } = object;
    const { answers, durable, firsts } = this.observed(id);
    const { snapshot, deduped } = reply;
    const before = answers.get(snapshot.state);
    // Why it is held may change: a later mapping can read it, and then its currency is not held.
    const isKept = snapshot.state !== "failed";
    if (isKept && before !== undefined && !isDeepStrictEqual(before, snapshot)) {
      this.#world.violate(id, `answers ${JSON.stringify(snapshot)} after ${JSON.stringify(before)}`);
    }
    // The ledger may learn of the debit that it did not have: so this one is asked about again.
    const mayChange = (was: typeof snapshot) => was.state === "ignored" && was.reason === "refund_not_moved";
    const mayFollow = [...answers.values()].every((was) => was.state === "failed" || mayChange(was));
    if (before === undefined && !mayFollow) {
      this.#world.violate(id, `answers ${snapshot.state} after ${[...answers.keys()].join(", ")}`);
    }
    answers.set(snapshot.state, snapshot);
    if (!durable.some((was) => isDeepStrictEqual(was, snapshot))) {
      this.#world.violate(id, `answers ${snapshot.state}, which is not durable`);
    }
    if (deduped) return;
    if (firsts.has(snapshot.state))
      this.#world.violate(id, `answers ${snapshot.state} anew for a second time`);
    firsts.add(snapshot.state);
  }

  committed(object: EventObject, before: EventCells, after: EventCells): void {
    const { id } = object;
    const { record, alarm } = after;
    const observed = this.observed(id);
    this.#world.note(id, () => describe(before, after, this.#world.time.now));
    if (record === null) {
      if (before.record !== null) this.#checkPurge(id, before.record);
      return;
    }
    observed.last = record;
    const snapshot = snapshotOf(record);
    if (snapshot !== null && !isDeepStrictEqual(snapshot, observed.durable.at(-1)))
      observed.durable.push(snapshot);
    if (before.record !== null && before.record !== record) {
      checkStep(before.record, record, observed, this.#world);
    }
    this.#checkWakeUp(id, record, alarm);
    if (before.record === record && before.alarm !== alarm) this.#checkUnpublished(id, record, alarm);
  }

  #checkPurge(id: string, record: EventRecord): void {
    this.#world.count("purges");
    const age = this.#world.time.now - record.updated_at;
    if (!isFinal(record)) this.#world.violate(id, `is purged while ${record.state}`);
    if (age < POLICY.retentionMs - 1_000) this.#world.violate(id, `is purged after ${age} ms`);
  }

  /** Until the index knows of a change, the alarm stays near: it is what publishes it after a crash. */
  #checkUnpublished(id: string, record: EventRecord, alarm: number | null): void {
    if (isInAttempt(record)) return;
    const listed = this.#index.rows.get(id)?.revision ?? 0;
    if (listed >= record.revision) return;
    const { now } = this.#world.time;
    const waited = now - record.updated_at;
    // An index that is away for hours is asked ever more seldom.
    if (alarm !== null && alarm <= now + ALARM_SLACK_MS + Math.min(HOUR, PUBLISH_FACTOR * waited)) return;
    this.#world.violate(id, `sleeps while r${record.revision} is listed as r${listed}`);
  }

  /** Nothing durable may sleep for good that has something to do. */
  #checkWakeUp(id: string, record: EventRecord, alarm: number | null): void {
    const wanted = wakeAt(record, POLICY);
    if (wanted === null) return;
    if (alarm === null) return this.#world.violate(id, `is ${record.state} without an alarm`);
    const latest = Math.max(wanted, this.#world.time.now) + ALARM_SLACK_MS;
    if (alarm > latest) this.#world.violate(id, `is ${record.state} and wakes ${alarm - latest} ms late`);
  }
}

function describe(before: EventCells, after: EventCells, now: number): string {
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
    ...(isGivenUp(record) ? ["for an operator"] : []),
  ];
  return `DURABLE ${record.state} (${facts.join(", ")}), ${alarmText}`;
}
