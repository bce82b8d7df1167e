/**
 * Load, call the machine, save, run the effects: over ports, so that the same engine runs in the Durable Object and
 * in a simulation. It holds no rule of its own; it holds the order of things, which is the commit protocol:
 *
 * 1. A step is one synchronous turn: load → transition → save → set the alarm. What it wrote commits together,
 *    and the platform lets no request out before that commit.
 * 2. An attempt runs between two such steps. Everybody who arrives meanwhile waits for the same promise.
 * 3. After an outcome: save, answer, publish the row, and only then move the alarm. A crash before the publish leaves
 *    the lease's alarm standing, and that alarm publishes.
 */
import { sha256Hex, utf8 } from "../bytes.ts";
import { idempotencyKey } from "../settlement/settlement.ts";
import { transition, wakeAt } from "./machine.ts";
import { errorName } from "./platform-error.ts";
import type { Ports } from "./ports.ts";
import { type EventRecord, isFinal } from "./record.ts";
import { type DeliveryReply, replyTo } from "./snapshot.ts";
import type { Delivery, Input, OperatorRetry, Policy, Step } from "./step.ts";
import { type EventState, payloadOf, stateOf, summaryOf } from "./view.ts";

/** An alarm that is later than this is taken for lost: alarms have stayed overdue for days in production. */
const ALARM_GRACE_MS = 60_000;
/** When the index, or our own code, failed during an alarm: how soon to wake again. */
const ALARM_RETRY_MS = 60_000;

export type RetryReply =
  | { readonly kind: "retried"; readonly attempted: boolean; readonly event: EventState }
  | { readonly kind: "needs_mapping"; readonly body: Uint8Array }
  | OperatorRefusal;
export type ResolveReply = { readonly kind: "resolved"; readonly event: EventState } | OperatorRefusal;
export type OperatorRefusal =
  | { readonly kind: "event_not_found" }
  | { readonly kind: "invalid_state"; readonly state: EventRecord["state"] };

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
    const step = this.#step({ kind: "delivery", delivery });
    const record = must(step.record);
    switch (step.verdict) {
      case "conflict":
        await this.#armAgain();
        return { kind: "event_conflict", event_id: record.event_id, state: record.state };
      case "started":
        return replyTo(await this.#settled(record), false);
      case "joined":
        return replyTo(await this.#settled(record), true);
      case "created":
        return replyTo(record, false);
      default:
        await this.#armAgain();
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
    if (verdict === "needs_mapping" && record.state === "failed" && record.cause === "unmappable") {
      return { kind: "needs_mapping", body: record.body };
    }
    const attempted = verdict === "started" || verdict === "joined";
    return { kind: "retried", attempted, event: await this.#state(await this.#settled(record)) };
  }

  async resolve(actor: string, note: string): Promise<ResolveReply> {
    const { record, verdict } = this.#step({ kind: "operator_resolve", actor, note });
    if (record === null) return { kind: "event_not_found" };
    if (verdict === "invalid_state") {
      await this.#armAgain();
      return { kind: "invalid_state", state: record.state };
    }
    return { kind: "resolved", event: await this.#state(record) };
  }

  /** The watchdog's. True when the event was overdue, and now is not. */
  async poke(): Promise<boolean> {
    const { record, verdict } = this.#step({ kind: "poke" });
    if (record === null) return false;
    await this.#settled(record);
    await this.#publishing;
    await this.#armAgain();
    return verdict === "started";
  }

  /**
   * Never throws on its own account: the platform drops an alarm after six throws, and a dropped alarm is an event
   * that nobody comes back to.
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
      if (effect.kind === "attempt") this.#attempt = this.#runAttempt(must(step.record), requestIdOf(input));
      if (effect.kind === "publish") this.#publishInBackground(must(step.record));
    }
    return step;
  }

  /** The record after the attempt under way, or as it is when there is none. */
  async #settled(record: EventRecord): Promise<EventRecord> {
    return this.#attempt === null ? record : this.#attempt;
  }

  async #runAttempt(begun: EventRecord, requestId: string | null): Promise<EventRecord> {
    const { ledger, now, log } = this.#ports;
    const attempt = begun.attempts;
    const startedAt = now();
    let record = begun;
    try {
      if (record.state === "received") {
        const lookup = await ledger.findPayinAccount(record.work.payment_intent);
        record = must(this.#step({ kind: "account", attempt, lookup }).record);
      }
      if (record.state === "forwarding") {
        const outcome = await ledger.ingest(record.work.payload, idempotencyKey(record.event_id));
        record = must(this.#step({ kind: "outcome", attempt, outcome }).record);
      }
      log(record.state === "forwarded" ? "info" : "warn", {
        ...attemptLine(record),
        duration_ms: now() - startedAt,
        request_id: requestId,
      });
      return record;
    } finally {
      this.#attempt = null;
    }
  }

  #publishInBackground(record: EventRecord): void {
    this.#publishing = this.#publish(record);
    this.#ports.background(this.#publishing);
  }

  async #publish(record: EventRecord): Promise<void> {
    const { index, store, alarm, now, log } = this.#ports;
    let published = true;
    try {
      await index.publish(summaryOf(record));
    } catch (error) {
      published = false;
      log("error", { msg: "publish_failed", event_id: record.event_id, error: errorName(error) });
    }
    // A newer step has its own row to publish, and the alarm is its flag until then.
    const current = store.load();
    if (current?.revision !== record.revision) return;
    const wanted = wakeAt(current, this.#policy);
    const at = published ? wanted : Math.min(wanted ?? Infinity, now() + ALARM_RETRY_MS);
    if (at === null) alarm.clear();
    else alarm.set(Math.max(at, now() + 1));
  }

  /** A record that is not final, and waits for an alarm that is missing or overdue, gets it again. */
  async #armAgain(): Promise<void> {
    const { store, alarm, now, log } = this.#ports;
    if (wantsAlarm(store.load(), this.#policy) === null) return;
    const standing = await alarm.get();
    if (standing !== null && standing >= now() - ALARM_GRACE_MS) return;
    // Read again: the world moved on during the `await`.
    const record = store.load();
    const at = wantsAlarm(record, this.#policy);
    if (record === null || at === null || this.#attempt !== null) return;
    log("warn", { msg: "alarm_rearmed", event_id: record.event_id, state: record.state });
    alarm.set(Math.max(at, now() + 1));
  }

  async #state(record: EventRecord): Promise<EventState> {
    const payload = payloadOf(record);
    const payloadSha256 = payload === null ? null : await sha256Hex(utf8(payload));
    return stateOf(record, await this.#ports.alarm.get(), payloadSha256);
  }
}

function wantsAlarm(record: EventRecord | null, policy: Policy): number | null {
  return record === null || isFinal(record) ? null : wakeAt(record, policy);
}

function requestIdOf(input: Input): string | null {
  return input.kind === "delivery" ? input.delivery.request_id : null;
}

function attemptLine(record: EventRecord) {
  const [attempt, trigger, , , outcome, ledger_status] = record.log.at(-1) ?? [];
  return {
    msg: "attempt",
    event_id: record.event_id,
    event_type: record.event_type,
    state: record.state,
    attempt: attempt ?? null,
    trigger: trigger ?? null,
    outcome: outcome ?? null,
    ledger_status: ledger_status ?? null,
    next_retry_at: summaryOf(record).next_retry_at,
  };
}

function must<T>(value: T | null): T {
  if (value === null) throw new Error("a step that acts on an event must have its record");
  return value;
}
