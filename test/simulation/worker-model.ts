/**
 * The Worker: parses and maps for real, then calls the event's object, three times at most. Signatures
 * need no state, so they are left out.
 */
import type { DeliveryReply } from "../../src/event/snapshot.ts";
import { movesMoney } from "../../src/settlement/mapping.ts";
import type { KnownSettlement } from "../../src/settlement/settlement.ts";
import { STRANGE_CURRENCY } from "../../scripts/proof/histories/random-history.ts";
import type { EventObject } from "./event-object.ts";
import type { Invariants } from "./invariants.ts";
import type { Preparer, Remap } from "./prepare.ts";
import { ObjectReset } from "./simulated-object.ts";
import type { World } from "./world.ts";

const TRIES = 3;
const BASE_DELAY_MS = 100;

export interface WorkerSetup {
  readonly world: World;
  readonly invariants: Invariants;
  readonly objectOf: (id: string) => EventObject;
  readonly preparer: Preparer;
}

export class WorkerModel {
  readonly #setup: WorkerSetup;

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
  }

  /** null: the answer was lost, or there never was one. */
  async deliver(body: Uint8Array<ArrayBuffer>): Promise<DeliveryReply | "not_listed" | "unavailable" | null> {
    const { world, invariants, objectOf, preparer } = this.#setup;
    const { worker } = world.plan;
    world.count("deliveries");
    if (world.happens(worker.crash, "worker crash")) return null;
    const prepared = await preparer.prepare(body);
    if (prepared.kind === "not_listed") return "not_listed";
    const { delivery } = prepared;
    const object = objectOf(delivery.event_id);
    const reply = await this.call(() =>
      object.call(
        "a delivery",
        (engine) => engine.deliver(delivery),
        (answer) => {
          invariants.replies(object, answer);
          world.note(object.id, () => `ANSWER ${JSON.stringify(answer)}`);
        },
      ),
    );
    if (world.happens(worker.lostReply, "lost reply")) return null;
    return reply ?? "unavailable";
  }

  /** null: the object could not be reached. */
  async call<T>(ask: () => Promise<T>): Promise<T | null> {
    const { time, random } = this.#setup.world;
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof ObjectReset)) throw error;
        if (attempt === TRIES) return null;
        await time.sleep(BASE_DELAY_MS * 2 ** (attempt - 1) * (0.5 + random.next() / 2));
      }
    }
  }
}

/**
 * In some histories the mapping learns a currency by a later deploy; until then
 * operators have what it could not map.
 */
export function learning(world: World, bug: Remap | null): Remap | null {
  if (world.plan.learnsAt <= world.time.now) return bug;
  return (sound, event) => {
    const mapping = bug?.(sound, event) ?? sound;
    const isStrange = event.data.object["currency"] === STRANGE_CURRENCY;
    if (!movesMoney(mapping) || !isStrange || world.time.now >= world.plan.learnsAt) return mapping;
    world.count("not mapped yet");
    const settlement: KnownSettlement = mapping.kind === "settlement" ? mapping.settlement : mapping.draft;
    const { direction, external_payment_id, amount_minor, account_id } = settlement;
    const money = { direction, external_payment_id, amount_minor, account_id };
    return { kind: "unmappable", reason: "currency_unknown", money };
  };
}
