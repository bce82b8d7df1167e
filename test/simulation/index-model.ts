/**
 * The operators' index: the newest revision of each row, behind a network,
 * and the watchdog that sweeps over it.
 */
import type { EventSummary } from "../../src/event-index/event-summary.ts";
import { MINUTE, SECOND } from "../../scripts/lib/durations.ts";
import { START, type World } from "./world.ts";

const SWEEP_MS = 5 * MINUTE;
/** Later than this, an event's retry is taken for lost. */
const OVERDUE_MS = MINUTE;

export class IndexModel {
  readonly rows = new Map<string, EventSummary>();
  readonly #world: World;
  readonly #poke: (id: string) => Promise<boolean>;
  #sweepAt: number | null = null;

  constructor(world: World, poke: (id: string) => Promise<boolean>) {
    this.#world = world;
    this.#poke = poke;
  }

  /** Whether the watchdog will notice that it does not come back by itself. */
  isSwept(id: string): boolean {
    const row = this.rows.get(id);
    return row !== undefined && row.next_retry_at !== null;
  }

  async publish(row: EventSummary, gate: Promise<void>): Promise<void> {
    await gate;
    const { time, random, plan } = this.#world;
    const { refuses, losesAnswer, hangs, late, outages } = plan.index;
    this.#world.count("index requests");
    await time.sleep(random.whole(1, 100));
    if (this.#world.isIn(outages) || this.#world.happens(refuses, "index refuses"))
      throw new Error("refused");
    if (this.#world.happens(hangs, "index hangs")) {
      const arrives = random.chance(0.5);
      await time.sleep(random.magnitude(SECOND, 10 * MINUTE));
      if (arrives) this.#apply(row);
      throw new Error("gave up");
    }
    if (this.#world.happens(late, "index late")) await time.sleep(random.magnitude(SECOND, 2 * MINUTE));
    this.#apply(row);
    if (this.#world.happens(losesAnswer, "index loses answer")) throw new Error("answer lost");
  }

  #apply(row: EventSummary): void {
    const known = this.rows.get(row.event_id);
    if (known !== undefined && known.revision >= row.revision) return;
    this.#world.note(row.event_id, () => `INDEX r${row.revision} ${row.state} ${row.reason ?? ""}`);
    const waits = row.state === "received" || row.state === "forwarding";
    if (waits && row.next_retry_at === null) {
      this.#world.violate(row.event_id, `is listed as ${row.state}, where the sweep does not find it`);
    }
    this.rows.set(row.event_id, row);
    this.#planSweep();
  }

  /** On the cron's five minutes; those at which nothing can be overdue are left out. */
  #planSweep(): void {
    let due = Infinity;
    for (const { next_retry_at } of this.rows.values()) due = Math.min(due, next_retry_at ?? Infinity);
    if (due === Infinity) return;
    const earliest = Math.max(due + OVERDUE_MS, this.#world.time.now);
    const at = START + Math.floor((earliest - START) / SWEEP_MS + 1) * SWEEP_MS;
    if (this.#sweepAt !== null && this.#sweepAt <= at) return;
    this.#sweepAt = at;
    this.#world.time.at(at, () => this.#sweepAt === at && this.#sweep());
  }

  #sweep(): void {
    const { time } = this.#world;
    for (const { event_id, next_retry_at } of this.rows.values()) {
      if (next_retry_at === null || next_retry_at + OVERDUE_MS >= time.now) continue;
      if (this.#world.happens(0.1, "sweep cut short")) break;
      this.#world.count("pokes");
      this.#world.note(event_id, () => "the watchdog pokes");
      this.#poke(event_id).then(
        (rescued) => rescued && this.#world.count("rescues"),
        () => undefined,
      );
    }
    this.#sweepAt = null;
    this.#planSweep();
  }
}
