/**
 * The alarm of one object, with its promises and no more: at least once, not before its time, one handler at
 * a time, but beside requests; late, twice, unasked for, or lost until somebody sets it again. `get` is null
 * while its handler runs, and an alarm whose handler was cut off fires again.
 *
 * Which alarms may be lost: those that the watchdog replaces, and those of an event that only an operator
 * moves. Nobody replaces the latter: the next touch of the event must do without.
 */
import type { EventObject } from "./event-object.ts";
import type { Task } from "./timeline.ts";
import { DAY, MINUTE, SECOND } from "../../scripts/lib/durations.ts";
import type { World } from "./world.ts";

const RETRY_MS = 2 * SECOND;
const LOST_MS = 3 * DAY;

/** For how long an alarm would be lost. `for_days`: until long after the watchdog should have replaced it. */
export type Loss = "for_days" | "for_good";

export class AlarmModel {
  isFiring = false;
  readonly #world: World;
  readonly #object: EventObject;
  readonly #loss: () => Loss | null;
  /** Nothing but a new alarm brings it back. */
  isLostForGood = false;
  #task: Task | null = null;
  /** The handler runs, and has not set another alarm yet. */
  #isHidden = false;
  /** It came due while another handler ran. */
  #isDue = false;

  constructor(world: World, object: EventObject, loss: () => Loss | null) {
    this.#world = world;
    this.#object = object;
    this.#loss = loss;
  }

  /** What the instance reads. */
  get visible(): number | null {
    return this.#isHidden ? null : this.#object.storage.cells.alarm;
  }

  write(at: number | null): void {
    this.#isHidden = false;
    this.#object.storage.write({ alarm: at });
  }

  /** Committed: it will fire at that time. */
  set(at: number | null): void {
    this.isLostForGood = false;
    if (this.#task !== null) this.#task.canceled = true;
    this.#isDue = false;
    this.#task = at === null ? null : this.#world.time.at(this.#firesAt(at), () => this.#comeDue());
  }

  crash(): void {
    if (!this.isFiring) return;
    this.isFiring = false;
    this.#isHidden = false;
    this.#again(RETRY_MS);
  }

  #firesAt(at: number): number {
    const { random, plan, isFaulty } = this.#world;
    const due = Math.max(at, this.#world.time.now);
    const usual = due + random.whole(0, 100);
    if (!isFaulty || due >= plan.endsAt) return usual;
    const late = this.#world.happens(plan.alarm.daysLate, "alarm days late")
      ? random.whole(DAY, 5 * DAY)
      : this.#world.happens(plan.alarm.late, "alarm late")
        ? random.magnitude(SECOND, 20 * MINUTE)
        : 0;
    // What is late still comes: the platform recovers when the faults end.
    return late === 0 ? usual : Math.min(due + late, plan.endsAt + random.whole(0, MINUTE));
  }

  #comeDue(): void {
    if (this.isFiring) {
      this.#isDue = true;
      return;
    }
    const loss = this.#loss();
    const { alarm, endsAt } = this.#world.plan;
    if (loss === "for_days" && this.#world.happens(alarm.lost, "alarm lost")) {
      this.#world.note(this.#object.id, () => "the alarm is lost");
      this.#task = this.#world.time.at(endsAt + LOST_MS, () => this.#comeDue());
    } else if (loss === "for_good" && this.#world.happens(alarm.lostForGood, "alarm lost for good")) {
      this.#world.note(this.#object.id, () => "the alarm is lost for good");
      this.isLostForGood = true;
    } else {
      this.#fire(true);
    }
  }

  /** `asked`: it stands in the storage, and is done with when the handler is. */
  #fire(asked: boolean): void {
    const { time, random, plan } = this.#world;
    this.isFiring = true;
    this.#isHidden = asked;
    this.#world.count("alarms");
    this.#world.note(this.#object.id, () => (asked ? "the alarm fires" : "the alarm fires, unasked"));
    this.#object
      .call("the alarm", (engine) => engine.alarm())
      .then(
        () => this.#finish(),
        () => undefined,
      );
    if (asked && this.#world.happens(plan.alarm.unasked, "alarm unasked")) {
      time.after(random.magnitude(10, 10 * MINUTE), () => this.isFiring || this.#fire(false));
    }
  }

  #finish(): void {
    this.isFiring = false;
    const isDone = this.#isHidden;
    this.#isHidden = false;
    if (this.#isDue) return this.#again(0);
    if (!isDone) return;
    // Its end was not noticed, so it comes again.
    if (this.#world.happens(this.#world.plan.alarm.twice, "alarm twice")) return this.#again(RETRY_MS);
    this.#object.storage.write({ alarm: null });
  }

  #again(delayMs: number): void {
    const { alarm } = this.#object.storage.durable;
    if (this.#task !== null) this.#task.canceled = true;
    this.#isDue = false;
    this.#task = null;
    if (alarm === null) return;
    const at = Math.max(alarm, this.#world.time.now + delayMs);
    this.#task = this.#world.time.at(at, () => this.#comeDue());
  }
}
