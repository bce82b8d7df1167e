/** The engine's ports of one instance, over the models. A call of an instance that is gone comes to nothing. */
import type { Ports } from "../../src/event/ports.ts";
import { type EventRecord, parseRecord } from "../../src/event/record.ts";
import type { IndexModel } from "./index-model.ts";
import type { LedgerModel, LedgerRequest } from "./ledger.ts";
import { type EventObject, type Instance, InstanceGone } from "./object.ts";
import type { Watch } from "./invariants.ts";
import type { World } from "./world.ts";

export interface Services {
  readonly world: World;
  readonly ledger: LedgerModel;
  readonly index: IndexModel;
  readonly watch: Watch;
}

export function portsOf(services: Services, object: EventObject, instance: Instance): Ports {
  const { world, ledger, index, watch } = services;
  const { storage, alarmClock } = object;
  const live = () => {
    if (!instance.alive) throw new InstanceGone();
  };
  const writing = (what: string) => {
    live();
    if (object.crashes(`before ${what}`)) throw new InstanceGone();
  };
  const request = (what: string, leaves: () => void): LedgerRequest => ({
    who: object.id,
    what,
    gate: storage.gate(),
    isHeld: () => instance.alive,
    leaves,
  });
  return {
    store: {
      load() {
        live();
        return storage.cells.record;
      },
      save(record) {
        writing("a save");
        storage.write({ record: fixed(record) });
      },
      erase: () =>
        object.hold(instance, "the purge", async () => {
          storage.write({ record: null, alarm: null });
          await storage.gate();
        }),
    },
    alarm: {
      get: () => object.hold(instance, "reading the alarm", async () => alarmClock.visible),
      set(at) {
        writing("setting the alarm");
        alarmClock.write(at);
      },
      clear() {
        writing("clearing the alarm");
        alarmClock.write(null);
      },
    },
    ledger: {
      ingest: (payload, key) =>
        object.hold(instance, "the ledger request", () => {
          watch.asks(object, instance);
          const asked = request(`ingest ${key}`, () => watch.ingestLeaves(object, payload, key));
          return ledger.ingest(asked, payload, key).finally(() => watch.hears(instance));
        }),
      findPayinAccount: (paymentIntent) =>
        object.hold(instance, "the look-up", () => {
          watch.asks(object, instance);
          const asked = request(`whose is ${paymentIntent}?`, () => watch.lookupLeaves(object));
          const key = `lookup of ${object.id}`;
          return ledger.findPayinAccount(asked, paymentIntent, key).finally(() => watch.hears(instance));
        }),
    },
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

/**
 * What comes back from a real store is a copy that has passed the schema. Here it is the same object for everybody,
 * and frozen, so that code which changes what it loaded cannot go unnoticed. Of an event that is tried for days the
 * attempts are all alike, and looking closely at some of them is enough.
 */
function fixed(record: EventRecord): EventRecord {
  const isLookedAt = record.attempts <= 3 || record.attempts % 16 === 0;
  return isLookedAt ? deepFreeze(parseRecord(record)) : record;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) {
    return value;
  }
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
