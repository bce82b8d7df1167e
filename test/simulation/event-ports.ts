/**
 * The engine's ports of one instance, over the models. A call of an instance that is gone comes to nothing.
 */
import type { LedgerPort, Ports } from "../../src/event/ports.ts";
import { LEASE_MARGIN_MS } from "../../src/event/machine-types.ts";
import type { EventRecord } from "../../src/event/record.ts";
import { parseRecord, toStored } from "../../src/event/stored-record.ts";
import type { LaneRequest } from "../../src/ledger/lane.ts";
import type { SettleOutcome } from "../../src/ledger/port.ts";
import { movementOf, type Settlement } from "../../src/settlement/settlement.ts";
import type { StripeLookups } from "../../src/stripe-api/port.ts";
import type { ClosedMovements } from "./closed-movements.ts";
import type { EventObject } from "./event-object.ts";
import type { IndexModel } from "./index-model.ts";
import type { Invariants } from "./invariants.ts";
import type { LaneObject } from "./lane-object.ts";
import type { LedgerModel, LedgerRequest } from "./ledger-model.ts";
import { type Instance, InstanceGone } from "./simulated-object.ts";
import type { StripeApiModel } from "./stripe-api-model.ts";
import { POLICY, type World } from "./world.ts";

export interface Services {
  readonly world: World;
  readonly ledger: LedgerModel;
  readonly index: IndexModel;
  readonly invariants: Invariants;
  readonly closed: ClosedMovements;
  /** null: there is no key. */
  readonly stripeApi: StripeApiModel | null;
  /** By its name: an account's, or a movement's. */
  readonly laneOf: (name: string) => LaneObject;
}

export function eventPorts(services: Services, object: EventObject, instance: Instance): Ports {
  const { world, index, invariants } = services;
  const { storage, alarm } = object;
  return {
    store: {
      load() {
        if (!instance.alive) throw new InstanceGone();
        return storage.cells.record;
      },
      save(record) {
        object.act(instance, "a save");
        invariants.saves(object, instance, record);
        storage.write({ record: fixed(record) });
      },
      erase: () =>
        object.hold(instance, "the purge", async () => {
          storage.write({ record: null, alarm: null });
          await storage.gate();
        }),
    },
    alarm: {
      get: () => object.hold(instance, "reading the alarm", async () => alarm.visible),
      set(at) {
        object.act(instance, "setting the alarm");
        alarm.write(at);
      },
      clear() {
        object.act(instance, "clearing the alarm");
        alarm.write(null);
      },
    },
    ledger: ledgerPort(services, object, instance),
    stripe: stripePort(services, object, instance),
    index: {
      publish: (row) => object.hold(instance, "the publish", () => index.publish(row, storage.gate())),
    },
    now: () => world.time.now + instance.clockSkewMs,
    random: () => world.random.next(),
    log: () => undefined,
    background(work) {
      work.catch((error: unknown) => {
        if (instance.alive) world.violate(object.id, `background work threw ${String(error)}`);
      });
    },
  };
}

function ledgerPort(services: Services, object: EventObject, instance: Instance): LedgerPort {
  const { ledger, invariants } = services;
  return {
    settle: (settlement, request) =>
      object.hold(instance, "the turn", async () => {
        invariants.begins(object, instance);
        const outcome = await settleInLane(services, object, settlement, request);
        invariants.ends(object, instance, outcome);
        return outcome;
      }),
    findSettlement: (id, direction) =>
      lookUp(services, object, instance, `what of ${direction} ${id}?`, (request) =>
        ledger.findSettlement(request, id, direction),
      ),
    setMovementResolved: (movement, isResolved) =>
      object.hold(instance, "closing the movement", async () => {
        const name = movement.accountId ?? movement.name;
        const ask = (lane: LaneObject) => lane.setResolved(movement, isResolved);
        return (await askLane(services, object, { name, timeoutMs: TURN_MS, ask })) === true;
      }),
  };
}

function stripePort(services: Services, object: EventObject, instance: Instance): StripeLookups | null {
  const { stripeApi } = services;
  if (stripeApi === null) return null;
  const ask = <T>(what: string, question: (stripe: StripeLookups) => Promise<T>) =>
    lookUp(services, object, instance, what, (request) => stripeApi.ask(request, question));
  return {
    findAccount: (payment) => ask(`whose is ${payment.payment}?`, (stripe) => stripe.findAccount(payment)),
    findReportingCategory: (id, account) =>
      ask(`what is ${id}?`, (stripe) => stripe.findReportingCategory(id, account)),
  };
}

function lookUp<T>(
  { invariants }: Services,
  object: EventObject,
  instance: Instance,
  what: string,
  ask: (request: LedgerRequest) => Promise<T>,
): Promise<T> {
  return object.hold(instance, "the look-up", async () => {
    invariants.begins(object, instance);
    const answer = await ask({
      who: object.id,
      what,
      gate: object.storage.gate(),
      timeoutMs: POLICY.ledgerTimeoutMs,
      clientLostAt: () => instance.lostAt,
      leaves: () => invariants.lookupLeaves(object),
    });
    invariants.ends(object, instance, null);
    return answer;
  });
}

const TURN_MS = POLICY.ledgerTimeoutMs + LEASE_MARGIN_MS;
const INTERRUPTED: SettleOutcome = { kind: "unknown", why: "interrupted", ledger_status: null };

/** As the Worker does it: another event may have been closed when nobody knew yet whose money it is. */
async function settleInLane(
  services: Services,
  object: EventObject,
  settlement: Settlement,
  request: LaneRequest,
): Promise<SettleOutcome> {
  const { world, invariants, closed } = services;
  const { account_id, metadata } = settlement;
  const timeoutMs = request.wait_ms + TURN_MS;
  if (metadata["account_source"] !== undefined) {
    const name = movementOf(settlement);
    const ask = (lane: LaneObject) => lane.isResolved(name);
    const isResolved = await askLane(services, object, { name, timeoutMs, ask });
    if (isResolved === null) return INTERRUPTED;
    if (isResolved) return { kind: "movement_resolved" };
  }
  const ask = (lane: LaneObject) => {
    invariants.turnLeaves(object, request);
    closed.turnLeaves(object.id);
    world.note(object.id, () => `→ lane of ${account_id}${request.read_back ? " (read back)" : ""}`);
    return lane.settle(request);
  };
  return (await askLane(services, object, { name: account_id, timeoutMs, ask })) ?? INTERRUPTED;
}

interface LaneCall<T> {
  readonly name: string;
  readonly timeoutMs: number;
  readonly ask: (lane: LaneObject) => Promise<T>;
}

/** null: it was lost, or does not answer in time. */
async function askLane<T>(
  { world, invariants, laneOf }: Services,
  object: EventObject,
  { name, timeoutMs, ask }: LaneCall<T>,
): Promise<T | null> {
  const { time, random } = world;
  let hasLeft = false;
  const call = async () => {
    await object.storage.gate();
    hasLeft = true;
    await time.sleep(random.whole(0, 20));
    return ask(laneOf(name));
  };
  return new Promise((resolve) => {
    const late = time.after(timeoutMs, () => {
      if (hasLeft) invariants.laneIsLate(object);
      resolve(null);
    });
    call()
      .then(resolve, () => resolve(null))
      .finally(() => (late.canceled = true));
  });
}

/**
 * What comes back from a real store is a copy that has passed the schema. Here it is the same object for
 * everybody, and frozen, so that code which changes what it loaded cannot go unnoticed. Of an event that is
 * tried for days the attempts are all alike, and checking some of them is enough.
 */
function fixed(record: EventRecord): EventRecord {
  const isChecked = record.attempts <= 3 || record.attempts % 16 === 0;
  return isChecked ? deepFreeze(parseRecord(toStored(record))) : record;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) {
    return value;
  }
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
