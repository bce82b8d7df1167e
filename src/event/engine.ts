/**
 * Load, call the machine, save, run the effects: over ports, so that the same engine runs in the Durable
 * Object and in a simulation. It holds no rule but the order of things, which is the commit protocol:
 *
 * 1. A step is one synchronous turn: load → transition → save → set the alarm. What it wrote commits
 *    together, and the platform lets no request out before that commit.
 * 2. An attempt runs between two such steps. Everybody who arrives meanwhile waits for the same promise.
 * 3. After an outcome: save, answer, publish the row, and only then move the alarm. A crash before the
 *    publish leaves the lease's alarm standing, and that alarm publishes.
 */
import { errorName } from "../error-name.ts";
import { runAttempt } from "./attempt.ts";
import { describeEvent } from "./describe.ts";
import { transition } from "./machine.ts";
import type { Ports } from "./ports.ts";
import { type EventRecord, isFinal, isInAttempt } from "./record.ts";
import { bodyOf, closedMovementOf } from "./record-money.ts";
import { type DeliveryReply, endedSoBefore, replyTo } from "./snapshot.ts";
import {
  type Delivery,
  type Input,
  LEASE_MARGIN_MS,
  type OperatorAssignment,
  type OperatorRetry,
  type Policy,
  type Step,
} from "./machine-types.ts";
import type { EventState } from "./event-state.ts";
import type { AssignReply, ResolveReply, RetryReply } from "./operator-replies.ts";
import { ALARM_RETRY_MS, armAgain, mayBeUnseen, publishThenMoveAlarm } from "./alarm.ts";

export class EventEngine {
  readonly #ports: Ports;
  readonly #policy: Policy;
  #attempt: Promise<EventRecord> | null = null;
  #publishing: Promise<void> = Promise.resolve();

  constructor(ports: Ports, policy: Policy) {
    this.#ports = ports;
    this.#policy = policy;
  }

  async deliver(delivery: Delivery): Promise<DeliveryReply> {
    const before = this.#ports.store.load()?.state;
    const step = this.#step({ kind: "delivery", delivery });
    const record = recordOf(step);
    switch (step.verdict) {
      case "conflict":
        await this.#armAgain();
        return { kind: "event_conflict", event_id: record.event_id, state: record.state };
      case "started": {
        const settled = await this.#settled(record);
        return replyTo(settled, settled.state === before || endedSoBefore(settled));
      }
      case "joined":
        return replyTo(await this.#settled(record), true);
      case "created":
        return replyTo(record, false);
      default:
        // Only what is not final can lack an alarm; a replay of what is settled need
        // not load it again to find that out.
        if (!isFinal(record)) await this.#armAgain();
        return replyTo(record, true);
    }
  }

  /** Writes nothing for an event that does not exist. */
  async inspect(): Promise<EventState | null> {
    await this.#armAgain();
    const record = this.#ports.store.load();
    return record === null ? null : this.#state(record);
  }

  async retry(retry: OperatorRetry): Promise<RetryReply> {
    const { record, verdict } = this.#step({ kind: "operator_retry", retry });
    if (record === null) return { kind: "event_not_found" };
    if (verdict === "invalid_state") return { kind: "invalid_state", state: record.state };
    if (verdict === "needs_mapping") return { kind: "needs_mapping", body: bodyOf(record) };
    if (verdict === "stored") await this.#armAgain();
    const attempted = verdict === "started" || verdict === "joined";
    return { kind: "retried", attempted, event: await this.#state(await this.#settled(record)) };
  }

  /** Whose money it is, and one attempt at once. */
  async assign(assignment: OperatorAssignment): Promise<AssignReply> {
    const { record, verdict } = this.#step({ kind: "operator_assign", assignment });
    if (record === null) return { kind: "event_not_found" };
    if (verdict === "invalid_state") return { kind: "invalid_state", state: record.state };
    if (verdict === "needs_mapping") return { kind: "needs_mapping", body: bodyOf(record) };
    return { kind: "assigned", event: await this.#state(await this.#settled(record)) };
  }

  /** Closes the movement before the event: in between, another event of it is held, which operators see. */
  async resolve(actor: string, note: string): Promise<ResolveReply> {
    const before = this.#ports.store.load();
    const movement = before?.state === "failed" ? closedMovementOf(before) : null;
    const { ledger } = this.#ports;
    if (movement !== null && !(await ledger.setMovementResolved(movement, true)))
      return { kind: "unavailable" };
    const { record, verdict } = this.#step({ kind: "operator_resolve", actor, note });
    if (record === null) return { kind: "event_not_found" };
    if (verdict === "invalid_state") {
      // Whoever resolved it meanwhile has closed its movement too.
      if (movement !== null && record.state !== "resolved") await ledger.setMovementResolved(movement, false);
      await this.#armAgain();
      return { kind: "invalid_state", state: record.state };
    }
    return { kind: "done", event: await this.#state(record) };
  }

  /** Opens the event before the movement: in between, no other event of it is booked, nor is this one. */
  async reopen(actor: string, note: string): Promise<ResolveReply> {
    const { record, verdict } = this.#step({ kind: "operator_reopen", actor, note });
    if (record === null) return { kind: "event_not_found" };
    if (verdict === "invalid_state") return { kind: "invalid_state", state: record.state };
    const movement = closedMovementOf(record);
    if (movement !== null && !(await this.#ports.ledger.setMovementResolved(movement, false)))
      return { kind: "unavailable" };
    return { kind: "done", event: await this.#state(record) };
  }

  /** The watchdog's. True when the event was overdue, and now is not. */
  async poke(): Promise<boolean> {
    const { record, verdict } = this.#step({ kind: "poke" });
    if (record === null) return false;
    await this.#settled(record);
    await this.#publishing;
    const rearmed = await this.#armAgain({ isPublished: true });
    return verdict === "started" || rearmed;
  }

  /**
   * Never throws on its own account: the platform drops an alarm after six throws, and a dropped alarm
   * is an event that nobody comes back to.
   */
  async alarm(): Promise<void> {
    try {
      const { record, effects } = this.#step({ kind: "alarm" });
      this.#ports.log("info", {
        msg: "alarm",
        event_id: record?.event_id ?? null,
        state: record?.state ?? null,
        effects: effects.map((effect) => effect.kind).join(" "),
      });
      if (record !== null) await this.#settled(record);
      await this.#publishing;
      if (effects.some((effect) => effect.kind === "purge")) await this.#ports.store.erase();
    } catch (error) {
      this.#ports.log("error", { msg: "alarm_failed", error: errorName(error) });
      this.#ports.alarm.set(this.#ports.now() + ALARM_RETRY_MS);
    }
  }

  /** One synchronous turn. Nothing in here may `await`. */
  #step(input: Input): Step {
    const { store, alarm, now, random } = this.#ports;
    const before = store.load();
    const context = {
      now: now(),
      random: random(),
      policy: this.#policy,
      inFlight: this.#attempt !== null,
    };
    const step = transition(before, input, context);
    if (step.record !== null && step.record !== before) store.save(step.record);
    for (const effect of step.effects) {
      if (effect.kind === "set_alarm") alarm.set(effect.at);
      if (effect.kind === "attempt") this.#startAttempt(recordOf(step), input);
      if (effect.kind === "publish") this.#publishInBackground(recordOf(step));
    }
    return step;
  }

  #startAttempt(record: EventRecord, cause: Input): void {
    const requestId = cause.kind === "delivery" ? cause.delivery.request_id : null;
    const attempt = runAttempt(record, requestId, {
      ...this.#ports,
      leaseTailMs: this.#policy.ledgerTimeoutMs + LEASE_MARGIN_MS,
      step: (input) => recordOf(this.#step(input)),
    });
    this.#attempt = attempt;
    const over = () => {
      if (this.#attempt === attempt) this.#attempt = null;
    };
    attempt.then(over, over);
  }

  /** The record after the attempt under way, or as it is when there is none. */
  async #settled(record: EventRecord): Promise<EventRecord> {
    return this.#attempt === null ? record : this.#attempt;
  }

  #publishInBackground(record: EventRecord): void {
    this.#publishing = publishThenMoveAlarm(this.#ports, this.#policy, record);
    this.#ports.background(this.#publishing);
  }

  async #armAgain({ isPublished = false } = {}): Promise<boolean> {
    if (!isPublished && (await mayBeUnseen(this.#ports, this.#policy))) {
      this.#publishInBackground(this.#ports.store.load() as EventRecord);
    }
    const rearmed = await armAgain(this.#ports, this.#policy, () => this.#attempt !== null);
    const record = rearmed ? this.#ports.store.load() : null;
    // An attempt has no row: as one without a time to retry, it would leave the watchdog's
    // list just when its alarm is in doubt.
    if (record !== null && !isInAttempt(record)) this.#publishInBackground(record);
    return rearmed;
  }

  #state(record: EventRecord): Promise<EventState> {
    return describeEvent(record, this.#ports.alarm);
  }
}

function recordOf({ record }: Step): EventRecord {
  if (record === null) throw new Error("a step that acts on an event must have its record");
  return record;
}
