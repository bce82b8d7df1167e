/** One history: a story, a storm, the calm after it, and the verdict. One seed decides everything. */
import { EventEngine } from "../../src/event/engine.ts";
import type { Court } from "./books.ts";
import type { Bug } from "./bug.ts";
import { takeOver } from "./globals.ts";
import { IndexModel } from "./index-model.ts";
import { LedgerModel } from "./ledger.ts";
import { EventObject } from "./object.ts";
import { contradict, type Desk, listedFailures, retry, staff } from "./operators.ts";
import { portsOf } from "./ports.ts";
import { StripeModel } from "./stripe.ts";
import type { Story } from "../../scripts/proof/histories/history.ts";
import { tellStory } from "../../scripts/proof/histories/kinds.ts";
import { checkEnd, checkHealed, lastToldAt, untold } from "./verdict.ts";
import { Watch } from "./invariants.ts";
import { DAY, HOUR, MINUTE } from "../../scripts/lib/durations.ts";
import { mapperOf, WorkerModel } from "./worker.ts";
import { type Entry, POLICY, START, World } from "./world.ts";

export interface History {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly story: Story;
  /** Null unless asked for. */
  readonly diary: readonly Entry[] | null;
}

export interface Options {
  readonly bug?: Bug | null;
  readonly tells?: boolean;
}

/** The longest that a refused event may wait: a `Retry-After` of a day, and half a delay. */
const HEALS_WITHIN_MS = 27 * HOUR;
const ROUNDS = 3;

export async function runHistory(seed: number, options: Options = {}): Promise<History> {
  const world = new World(seed, options.tells ?? false);
  const giveBack = takeOver(world.time, seed);
  try {
    const story = tellStory(world.random, START, world.weather.stripe.twin);
    const cast = castFor(world, story, options.bug ?? null);
    await play(cast);
    return { seed, violations: world.violations, counts: world.counts, story, diary: world.diary };
  } finally {
    giveBack();
  }
}

interface Cast extends Court, Desk {
  readonly stripe: StripeModel;
}

function castFor(world: World, story: Story, bug: Bug | null): Cast {
  const ledger = new LedgerModel(world);
  const objects = new Map<string, EventObject>();
  const index = new IndexModel(world, (id) => objectOf(id).call("a poke", (engine) => engine.poke()));
  const watch = new Watch(world, index);
  const services = { world, ledger, index, watch };

  function objectOf(id: string): EventObject {
    const known = objects.get(id);
    if (known !== undefined) return known;
    const events = {
      committed: watch.committed.bind(watch),
      isWatched: () => index.isWaiting(id),
    };
    const object = new EventObject(id, world, events, (owner, instance) => {
      const sound = portsOf(services, owner, instance);
      const ports = bug?.ports?.(sound, { world, id, instance }) ?? sound;
      const makeEngine = () => new EventEngine(ports, { ...POLICY, ...bug?.policy });
      return bug?.engine?.(makeEngine, ports) ?? makeEngine();
    });
    objects.set(id, object);
    return object;
  }

  const { refundEvents, events } = story;
  const map = mapperOf(world, bug?.map);
  const worker = new WorkerModel({ world, watch, objectOf, refundEvents, map });
  return {
    world,
    watch,
    ledger,
    index,
    story,
    events,
    objectOf,
    worker,
    stripe: new StripeModel(world, worker),
  };
}

async function play(cast: Cast): Promise<void> {
  const { world, story, stripe, ledger } = cast;
  for (const [account, opensAt] of story.accounts) {
    if (opensAt !== null)
      world.time.at(opensAt, () => void ledger.store.openAccount({ id: account, did: "", created_at: "" }));
  }
  for (const event of story.events) stripe.tell(event);
  void staff(cast);
  contradict(cast);
  const calm = Math.max(world.weather.endsAt, lastToldAt(story)) + HOUR;
  await world.runUntil(calm);

  // Events that were lost in a long silence, and that Stripe has given up: an operator finds them there.
  for (const event of untold(cast)) void stripe.resend(event);
  await world.runUntil(calm + HEALS_WITHIN_MS);
  if (isSound(world)) checkHealed(cast, true);
  await world.runUntil(calm + POLICY.retryHorizonMs + 2 * HOUR);
  if (isSound(world)) checkHealed(cast, false);

  // What is left is listed, and an operator goes through the list. A payment may free a refund, so more than once.
  for (let round = 0; round < ROUNDS; round++) {
    for (const id of listedFailures(cast)) void retry(cast, id, "any");
    await world.runUntil(world.time.now + 10 * MINUTE);
  }
  await world.runUntil(world.time.now + POLICY.retentionMs + 7 * DAY);
  if (isSound(world)) checkEnd(cast);
}

function isSound({ violations }: World): boolean {
  return violations.length === 0;
}
