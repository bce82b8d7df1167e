/**
 * One history: what happens at Stripe, a time of faults, a time without, and the
 * verdict. One seed decides everything.
 */
import { EventEngine } from "../../src/event/engine.ts";
import { Lane, type LanePorts } from "../../src/ledger/lane.ts";
import type { StripeHistory } from "../../scripts/proof/histories/history.ts";
import { randomHistory } from "../../scripts/proof/histories/random-history.ts";
import { DAY, HOUR, MINUTE } from "../../scripts/lib/durations.ts";
import type { Bug } from "./bug.ts";
import { ClosedMovements } from "./closed-movements.ts";
import { EventObject } from "./event-object.ts";
import { eventPorts, type Services } from "./event-ports.ts";
import { takeOver } from "./globals.ts";
import { IndexModel } from "./index-model.ts";
import { Invariants } from "./invariants.ts";
import { LaneObject } from "./lane-object.ts";
import { LANE_POLICY, lanePorts, type LaneServices } from "./lane-ports.ts";
import { LedgerModel } from "./ledger-model.ts";
import { Operators } from "./operators.ts";
import { Preparer } from "./prepare.ts";
import { StripeApiModel } from "./stripe-api-model.ts";
import { lookupsOver } from "./stripe-lookups.ts";
import { LAST_RESEND_MS, StripeModel } from "./stripe-model.ts";
import { checkEnd, checkHealed, lastEventAt, neverReceived, type SimulationEvidence } from "./verdict.ts";
import { learning, WorkerModel } from "./worker-model.ts";
import { type LogEntry, POLICY, START, World } from "./world.ts";

export interface History {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly atStripe: StripeHistory;
  /** Null unless asked for. */
  readonly log: readonly LogEntry[] | null;
}

export interface Options {
  readonly bug?: Bug | null;
  readonly keepsLog?: boolean;
}

/** A `Retry-After` of a day, half a delay, and an hour for each event that waits for another one. */
const HEALS_WITHIN_MS = 29 * HOUR;
const ROUNDS = 5;

export async function runHistory(seed: number, options: Options = {}): Promise<History> {
  const world = new World(seed, options.keepsLog ?? false);
  const giveBack = takeOver(world.time, seed);
  try {
    const atStripe = randomHistory(world.random, START, world.plan.stripe.twin);
    await play(simulationOf(world, atStripe, options.bug ?? null));
    return { seed, violations: world.violations, counts: world.counts, atStripe, log: world.log };
  } finally {
    giveBack();
  }
}

interface Simulation extends SimulationEvidence {
  readonly stripe: StripeModel;
  readonly operators: Operators;
  /**
   * What forgotten events are touched by: one of them in each history, so
   * that none is made up for by another.
   */
  readonly touch: (typeof TOUCHES)[number];
}

const TOUCHES = ["redelivery", "inspection", "retry"] as const;

function simulationOf(world: World, atStripe: StripeHistory, bug: Bug | null): Simulation {
  const { events, asksStripe } = atStripe;
  const ledger = new LedgerModel(world);
  const index = new IndexModel(world, (id) => objectOf(id).call("a poke", (engine) => engine.poke()));
  const invariants = new Invariants(world, index);
  const closed = new ClosedMovements(world, events);
  const laneOf = memoized((name) => laneObject({ world, ledger, closed }, bug, name));
  const stripeApi = asksStripe ? new StripeApiModel(world, lookupsOver(atStripe.stripe)) : null;
  const services = { world, ledger, index, invariants, closed, stripeApi, laneOf };
  const objectOf = memoized((id) => eventObject(services, bug, id));
  const { connectedAccounts } = bug ?? {};
  const preparer = new Preparer({
    asksStripe,
    connectedAccounts,
    remap: learning(world, bug?.remap ?? null),
  });
  const worker = new WorkerModel({ world, invariants, objectOf, preparer });
  const evidence: SimulationEvidence = {
    ...services,
    atStripe,
    objectOf,
    store: ledger.store,
    recordOf: (id) => invariants.observed(id).last,
    isClosed: (id) => invariants.observed(id).isClosed,
    violate: (who, what) => world.violate(who, what),
  };
  const stripe = new StripeModel(world, worker);
  const operators = new Operators({ ...evidence, closed, worker, preparer });
  return { ...evidence, stripe, operators, touch: world.random.pick(TOUCHES) };
}

function eventObject(services: Services, bug: Bug | null, id: string): EventObject {
  const { world, invariants, index } = services;
  return new EventObject(world, id, {
    committed: (...commit) => invariants.committed(...commit),
    isSwept: (swept) => index.isSwept(swept),
    start(object, instance) {
      const sound = eventPorts(services, object, instance);
      const ports = bug?.ports?.(sound, { world, id, instance }) ?? sound;
      const makeEngine = () => new EventEngine(ports, { ...POLICY, ...bug?.policy });
      return bug?.engine?.(makeEngine, ports) ?? makeEngine();
    },
  });
}

function laneObject(services: LaneServices, bug: Bug | null, name: string): LaneObject {
  const { world } = services;
  return new LaneObject(world, name, (object, instance) => {
    const sound = lanePorts(services, object, instance);
    const ports = bug?.lanePorts?.(sound, { world, id: name, instance }) ?? sound;
    const makeLane = (over: LanePorts) => new Lane(over, LANE_POLICY);
    return bug?.lane?.(makeLane, ports) ?? makeLane(ports);
  });
}

function memoized<T>(make: (id: string) => T): (id: string) => T {
  const made = new Map<string, T>();
  return (id) => {
    const known = made.get(id) ?? make(id);
    made.set(id, known);
    return known;
  };
}

async function play(simulation: Simulation): Promise<void> {
  const { world, atStripe, stripe, ledger, operators } = simulation;
  for (const [account, opensAt] of atStripe.accounts) {
    const row = { id: account, did: "did:key:holder", created_at: ledger.context.now() };
    if (opensAt !== null) world.time.at(opensAt, () => ledger.store.openAccount(row));
  }
  for (const event of atStripe.events) stripe.schedule(event);
  void operators.act();
  operators.scheduleContradictions();
  const faultless = Math.max(world.plan.endsAt, lastEventAt(atStripe)) + HOUR;
  await world.runUntil(faultless);

  touchForgotten(simulation);
  // Events that were lost in a long silence, and that Stripe has given up: an operator finds them there.
  for (const event of neverReceived(simulation)) void stripe.resend(event);
  await world.runUntil(faultless + HEALS_WITHIN_MS);
  if (isSound(world)) checkHealed(simulation, true);
  await world.runUntil(faultless + POLICY.retryHorizonMs + 2 * HOUR);
  if (isSound(world)) checkHealed(simulation, false);

  // What is left is listed, and an operator goes through the list. A payment
  // may free a refund, so more than once.
  for (let round = 0; round < ROUNDS; round++) {
    touchForgotten(simulation);
    for (const id of operators.listedFailures()) {
      operators.repair(id);
      void (world.random.chance(world.plan.operators.assigns) ? operators.assign(id) : null);
      void operators.retry(id, "any");
    }
    await world.runUntil(world.time.now + 10 * MINUTE);
  }
  // What was ignored is kept anew when it is asked about again, after a resend.
  const lastChange = Math.max(world.time.now, lastEventAt(atStripe) + LAST_RESEND_MS);
  await world.runUntil(lastChange + POLICY.retentionMs + 7 * DAY);
  if (isSound(world)) checkEnd(simulation);
}

/** Events whose row waits for an alarm that is lost for good. Whatever touches them next must publish it. */
function touchForgotten({ world, atStripe, stripe, operators, objectOf, touch }: Simulation): void {
  for (const event of atStripe.events.filter(({ id }) => objectOf(id).alarm.isLostForGood)) {
    world.count(`forgotten, then ${touch}`);
    if (touch === "redelivery") void stripe.resend(event);
    // A reconciliation inspects too.
    else if (touch === "inspection") void operators.inspect(event.id);
    else void operators.retry(event.id, "healing");
  }
}

function isSound({ violations }: World): boolean {
  return violations.length === 0;
}
