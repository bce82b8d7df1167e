/** A lane in virtual time: who is let through, who waits, who is sent away, and what a new instance knows. */
import * as fc from "fast-check";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Lane, LANE_WAIT_MAX_MS, LANE_WAITING_MAX, type LanePolicy } from "../../../../src/ledger/lane.ts";
import type { SettleOutcome } from "../../../../src/ledger/port.ts";
import { ACCEPTED, REJECTED, UNAVAILABLE, UNKNOWN, UNPROVEN } from "../../../support/records.ts";

const EXCLUSIVE: LanePolicy = { concurrency: 1, turnMs: 10_000, quietMs: 3_000 };

interface Turn {
  readonly key: string;
  readonly startedAt: number;
  end(outcome: SettleOutcome): void;
}

/** One account's lane, the clock, and the ledger that answers when the test says so. */
class LaneWorld {
  now = 1_000_000;
  mark: number | null = null;
  readonly turns: Turn[] = [];
  running = 0;
  mostRunning = 0;
  readonly outcomes = new Map<string, SettleOutcome>();
  lane: Lane;
  readonly #policy: LanePolicy;
  #timers: { readonly time: number; readonly act: () => void }[] = [];

  constructor(policy = EXCLUSIVE) {
    this.#policy = policy;
    this.lane = this.#open();
  }

  /** The object is gone, with all who waited; its request at the ledger is not. */
  reset(): void {
    this.#timers = [];
    this.lane = this.#open();
  }

  send(key: string, wait_ms = LANE_WAIT_MAX_MS): void {
    const request = { payload: "{}", idempotency_key: key, read_back: false, wait_ms };
    void this.lane.settle(request).then((outcome) => this.outcomes.set(key, outcome));
  }

  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    await setImmediate();
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.time - b.time);
      if (next === undefined || next.time > until) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.now = Math.max(this.now, next.time);
      next.act();
      await setImmediate();
    }
    this.now = until;
  }

  /** The newest turn ends. */
  async end(outcome: SettleOutcome = ACCEPTED): Promise<void> {
    this.turns.at(-1)?.end(outcome);
    await setImmediate();
  }

  get keys(): string[] {
    return this.turns.map(({ key }) => key);
  }

  #open(): Lane {
    return new Lane(
      {
        now: () => this.now,
        at: (time, act) => {
          const timer = { time, act };
          this.#timers.push(timer);
          return () => (this.#timers = this.#timers.filter((other) => other !== timer));
        },
        mark: {
          load: () => this.mark,
          save: (until) => (this.mark = until),
          clear: () => (this.mark = null),
        },
        settle: ({ idempotency_key: key }) => {
          const { promise, resolve } = Promise.withResolvers<SettleOutcome>();
          this.running++;
          this.mostRunning = Math.max(this.mostRunning, this.running);
          const end = (outcome: SettleOutcome) => {
            this.running--;
            resolve(outcome);
          };
          this.turns.push({ key, startedAt: this.now, end });
          return promise;
        },
      },
      this.#policy,
    );
  }
}

describe("an exclusive lane", () => {
  it("three at once → one after the other, in their order", async () => {
    const world = new LaneWorld();
    for (const key of ["a", "b", "c"]) world.send(key);
    await world.pass(0);
    expect(world.keys).toEqual(["a"]);
    await world.end();
    expect(world.keys).toEqual(["a", "b"]);
    await world.end(REJECTED);
    expect(world.keys).toEqual(["a", "b", "c"]);
    await world.end();
    expect(Object.fromEntries(world.outcomes)).toEqual({ a: ACCEPTED, b: REJECTED, c: ACCEPTED });
  });

  it.each([
    ["no answer", UNKNOWN],
    ["a 5xx", { ...UNAVAILABLE, ledger_code: "INTERNAL" }],
    ["a redirect, not by the ledger", { ...UNAVAILABLE, ledger_status: 302 }],
    ["no effect: an earlier request may be between two statements", UNPROVEN],
  ] as const)("%s → closed for the quiet time, then the next one", async (_, outcome) => {
    const world = new LaneWorld();
    world.send("a");
    world.send("b");
    await world.pass(0);
    await world.end(outcome);
    await world.pass(EXCLUSIVE.quietMs - 1);
    expect(world.keys).toEqual(["a"]);
    await world.pass(1);
    expect(world.keys).toEqual(["a", "b"]);
  });

  it.each([
    ["accepted", ACCEPTED],
    ["rejected", REJECTED],
    [
      "refused for now by the ledger",
      { ...UNAVAILABLE, ledger_status: 422, ledger_code: "INSUFFICIENT_FUNDS" },
    ],
  ] as const)("%s → the next one at once", async (_, outcome) => {
    const world = new LaneWorld();
    world.send("a");
    world.send("b");
    await world.pass(0);
    await world.end(outcome);
    expect(world.keys).toEqual(["a", "b"]);
  });

  it("a turn that does not come in time → busy, without having been sent", async () => {
    const world = new LaneWorld();
    world.send("a");
    world.send("b", 2_000);
    await world.pass(2_001);
    expect(world.outcomes.get("b")).toMatchObject({ kind: "busy" });
    await world.end();
    expect(world.keys).toEqual(["a"]);
  });

  it("two whose time ends apart → each is refused at its own", async () => {
    const world = new LaneWorld();
    world.send("a");
    world.send("b", 3_000);
    world.send("c", 1_000);
    await world.pass(1_001);
    expect([...world.outcomes.keys()]).toEqual(["c"]);
    await world.pass(1_999);
    expect([...world.outcomes.keys()]).toEqual(["c"]);
    await world.pass(1);
    expect([...world.outcomes.keys()]).toEqual(["c", "b"]);
  });

  it("a turn that comes at the last moment → it is taken", async () => {
    const world = new LaneWorld();
    world.send("a");
    world.send("b", 1_000);
    await world.pass(1_000);
    await world.end();
    expect(world.keys).toEqual(["a", "b"]);
  });

  it("closed for longer than the caller can wait → busy at once, until it opens", async () => {
    const world = new LaneWorld();
    world.send("a");
    await world.pass(0);
    await world.end(UNKNOWN);
    world.send("b", EXCLUSIVE.quietMs - 1);
    await world.pass(0);
    const { retry_after_ms } = world.outcomes.get("b") as { retry_after_ms: number };
    expect(retry_after_ms).toBeGreaterThan(EXCLUSIVE.quietMs);
  });

  it("who is sent away gets a place in time of his own", async () => {
    const world = new LaneWorld();
    world.send("a");
    for (let i = 0; i < 200; i++) world.send(`b${i}`, 0);
    await world.pass(0);
    const waits = [...world.outcomes.values()].map((each) =>
      each.kind === "busy" ? each.retry_after_ms : 0,
    );
    expect(waits).toHaveLength(200);
    expect(waits.every((wait, i) => i === 0 || wait > (waits[i - 1] as number))).toBe(true);
  });

  it("10,000 at once → a bounded number waits, the rest is sent away, nobody is forgotten", async () => {
    const world = new LaneWorld();
    for (let i = 0; i < 10_000; i++) world.send(`e${i}`, 3_600_000);
    await world.pass(0);
    const busy = [...world.outcomes.values()].filter(({ kind }) => kind === "busy");
    expect(busy).toHaveLength(10_000 - 1 - LANE_WAITING_MAX);
    for (let i = 0; i <= LANE_WAITING_MAX; i++) await world.end();
    expect(world.outcomes.size).toBe(10_000);
    expect(world.turns).toHaveLength(LANE_WAITING_MAX + 1);
    expect(world.mostRunning).toBe(1);
  });
});

describe("how long who is sent away stays away", () => {
  /** Sent away by a lane with one turn under way, and with so many behind it. */
  async function sentAway(world: LaneWorld, waiting: number): Promise<number> {
    world.send("now");
    for (let i = 0; i < waiting; i++) world.send(`w${i}`, 3_600_000);
    world.send("away", 0);
    await world.pass(0);
    const outcome = world.outcomes.get("away");
    return outcome?.kind === "busy" ? outcome.retry_after_ms : Number.NaN;
  }

  it("as long as the turns before his take, and his own place", async () => {
    // Before there is a turn to measure, one is taken to last 100 ms.
    expect(await sentAway(new LaneWorld(), 0)).toBe(200);
    expect(await sentAway(new LaneWorld(), 3)).toBe(500);
  });

  it("turns of 2 s, one after the other → the estimate follows them", async () => {
    const world = new LaneWorld();
    for (let i = 0; i < 30; i++) {
      world.send(`t${i}`);
      await world.pass(2_000);
      await world.end();
    }
    const wait = await sentAway(world, 1);
    expect(wait).toBeGreaterThan(3 * 1_990);
    expect(wait).toBeLessThanOrEqual(3 * 2_000);
  });

  it("turns that overlap → shared among them", async () => {
    expect(await sentAway(new LaneWorld({ ...EXCLUSIVE, concurrency: 1 }), 8)).toBe(1_000);
    const world = new LaneWorld({ ...EXCLUSIVE, concurrency: 4 });
    for (let i = 0; i < 3; i++) world.send(`r${i}`);
    expect(await sentAway(world, 4)).toBe(150);
  });

  it("never longer than an hour", async () => {
    const world = new LaneWorld();
    world.send("a");
    for (let i = 0; i < 50_000; i++) world.send(`b${i}`, 0);
    await world.pass(0);
    expect(world.outcomes.get("b49999")).toEqual({ kind: "busy", retry_after_ms: 3_600_000 });
  });
});

describe("a lane that was reset", () => {
  it("in the middle of a turn → closed until that turn's request must be over", async () => {
    const world = new LaneWorld();
    world.send("a");
    await world.pass(1_000);
    world.reset();
    world.send("b", 60_000);
    await world.pass(EXCLUSIVE.turnMs + EXCLUSIVE.quietMs - 1_001);
    expect(world.keys).toEqual(["a"]);
    await world.pass(1);
    expect(world.keys).toEqual(["a", "b"]);
  });

  it("a moment after its last turn, which ended well → open at once: the mark is gone", async () => {
    const world = new LaneWorld();
    world.send("a");
    await world.pass(0);
    await world.end();
    await world.pass(49);
    expect(world.mark).not.toBeNull();
    await world.pass(1);
    expect(world.mark).toBeNull();
    world.reset();
    world.send("b");
    await world.pass(0);
    expect(world.keys).toEqual(["a", "b"]);
  });

  it("a turn begun before the mark of the last one was taken away → it keeps its own", async () => {
    const world = new LaneWorld();
    world.send("a");
    await world.pass(0);
    await world.end();
    await world.pass(20);
    world.send("b");
    await world.pass(100);
    expect(world.mark).toBe(world.now - 100 + EXCLUSIVE.turnMs + EXCLUSIVE.quietMs);
  });

  it.each([
    ["unanswered", UNKNOWN],
    ["without an effect", UNPROVEN],
  ] as const)("after a turn that ended %s → the mark stays", async (_, outcome) => {
    const world = new LaneWorld();
    world.send("a");
    await world.pass(0);
    await world.end(outcome);
    await world.pass(EXCLUSIVE.quietMs - 1);
    expect(world.mark).not.toBeNull();
  });

  it("long after its last turn → open at once", async () => {
    const world = new LaneWorld();
    world.send("a");
    await world.pass(0);
    await world.end();
    await world.pass(EXCLUSIVE.turnMs + EXCLUSIVE.quietMs);
    world.reset();
    world.send("b");
    await world.pass(0);
    expect(world.keys).toEqual(["a", "b"]);
  });

  it("whose mark a clock wrote that has been set back → closed no longer than a request can run", async () => {
    const world = new LaneWorld();
    world.mark = world.now + 86_400_000;
    world.reset();
    world.send("a", 60_000);
    await world.pass(EXCLUSIVE.turnMs + EXCLUSIVE.quietMs - 1);
    expect(world.keys).toEqual([]);
    await world.pass(1);
    expect(world.keys).toEqual(["a"]);
  });

  it("that had no turn yet → open at once", async () => {
    const world = new LaneWorld();
    world.reset();
    world.send("a");
    await world.pass(0);
    expect(world.keys).toEqual(["a"]);
  });
});

describe("a lane for a ledger whose credits are atomic", () => {
  const shared = { ...EXCLUSIVE, concurrency: 3 };

  it("turns overlap, up to the limit; no quiet time, no mark", async () => {
    const world = new LaneWorld(shared);
    for (const key of ["a", "b", "c", "d"]) world.send(key);
    await world.pass(0);
    expect(world.keys).toEqual(["a", "b", "c"]);
    await world.end(UNKNOWN);
    expect(world.keys).toEqual(["a", "b", "c", "d"]);
    expect(world.mark).toBeNull();
  });
});

describe("whatever happens", () => {
  const act = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("send" as const), wait: fc.nat(8_000) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("end" as const),
        how: fc.constantFrom(ACCEPTED, REJECTED, UNKNOWN),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(6_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reset" as const) }) },
  );

  it("no turn begins while another request of the account may be running; each caller of a living lane is answered", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const world = new LaneWorld();
        let sent = 0;
        let lost = 0;
        // A lost request is over at the ledger after its turn and the quiet time.
        let mayRunUntil = 0;
        for (const each of acts) {
          const before = world.turns.length;
          if (each.do === "send") world.send(`k${sent++}`, each.wait);
          if (each.do === "pass") await world.pass(each.ms);
          if (each.do === "end" && world.running > 0) {
            await world.end(each.how);
            if (each.how === UNKNOWN) mayRunUntil = world.now + EXCLUSIVE.quietMs;
          }
          if (each.do === "reset") {
            const open = world.turns.at(-1);
            if (world.running > 0 && open !== undefined) {
              mayRunUntil = open.startedAt + EXCLUSIVE.turnMs + EXCLUSIVE.quietMs;
            }
            await world.pass(0);
            world.reset();
            world.running = 0;
            lost = sent - world.outcomes.size;
          }
          await world.pass(0);
          expect(world.running).toBeLessThanOrEqual(1);
          const ended = each.do === "end" && each.how === UNKNOWN;
          const early = world.turns
            .slice(before)
            .filter(({ startedAt }) => !ended && startedAt < mayRunUntil);
          expect(early).toEqual([]);
        }
        for (let i = 0; i < 60 && world.outcomes.size < sent - lost; i++) {
          if (world.running > 0) await world.end();
          await world.pass(5_000);
        }
        expect(world.outcomes.size).toBe(sent - lost);
      }),
      { numRuns: 200 },
    );
  });
});
