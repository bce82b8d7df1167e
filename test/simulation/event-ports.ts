/** The engine's ports of one instance, over the models. A call of an instance that is gone comes to nothing. */
import type { LedgerPort, Ports } from "../../src/event/ports.ts";
import { LEASE_MARGIN_MS } from "../../src/event/machine-types.ts";
import { type EventRecord } from "../../src/event/record.ts";
import { parseRecord, toStored } from "../../src/event/stored-record.ts";
import type { LaneRequest } from "../../src/ledger/lane.ts";
import type { SettleOutcome } from "../../src/ledger/port.ts";
import type { EventObject } from "./event-object.ts";
import type { IndexModel } from "./index-model.ts";
import type { Invariants } from "./invariants.ts";
import type { LaneObject } from "./lane-object.ts";
import type { LedgerModel } from "./ledger-model.ts";
import { type Instance, InstanceGone } from "./simulated-object.ts";
import { POLICY, type World } from "./world.ts";

export interface Services {
  readonly world: World;
  readonly ledger: LedgerModel;
  readonly index: IndexModel;
  readonly invariants: Invariants;
  readonly laneOf: (accountId: string) => LaneObject;
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
    settle: (accountId, request) =>
      object.hold(instance, "the turn", async () => {
        invariants.begins(object, instance);
        const outcome = await settleInLane(services, object, accountId, request);
        invariants.ends(object, instance, outcome);
        return outcome;
      }),
    findPayinAccount: (paymentIntent) =>
      object.hold(instance, "the look-up", async () => {
        invariants.begins(object, instance);
        const request = {
          who: object.id,
          what: `whose is ${paymentIntent}?`,
          gate: object.storage.gate(),
          timeoutMs: POLICY.ledgerTimeoutMs,
          clientLostAt: () => instance.lostAt,
          leaves: () => invariants.lookupLeaves(object),
        };
        const lookup = await ledger.findPayinAccount(request, paymentIntent);
        invariants.ends(object, instance, null);
        return lookup;
      }),
  };
}

/** A lane that is lost, or does not answer in time, leaves the outcome unknown, as in the Worker. */
async function settleInLane(
  { world, invariants, laneOf }: Services,
  object: EventObject,
  accountId: string,
  request: LaneRequest,
): Promise<SettleOutcome> {
  const { time, random } = world;
  const timeoutMs = request.wait_ms + POLICY.ledgerTimeoutMs + LEASE_MARGIN_MS;
  let hasLeft = false;
  const call = async (): Promise<SettleOutcome> => {
    await object.storage.gate();
    hasLeft = true;
    invariants.turnLeaves(object, request);
    world.note(object.id, () => `→ lane of ${accountId}${request.read_back ? " (read back)" : ""}`);
    await time.sleep(random.whole(0, 20));
    return laneOf(accountId).call("a turn", (lane) => lane.settle(request));
  };
  return new Promise((resolve) => {
    const interrupted = () => resolve({ kind: "unknown", why: "interrupted", ledger_status: null });
    const late = time.after(timeoutMs, () => {
      if (hasLeft) invariants.laneIsLate(object);
      interrupted();
    });
    call()
      .then(resolve, interrupted)
      .finally(() => (late.canceled = true));
  });
}

/**
 * What comes back from a real store is a copy that has passed the schema. Here it is the same object for everybody,
 * and frozen, so that code which changes what it loaded cannot go unnoticed. Of an event that is tried for days the
 * attempts are all alike, and checking some of them is enough.
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
