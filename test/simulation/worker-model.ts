/**
 * The Worker: parses and maps for real, then calls the event's object, three times at most. Signatures need no state, so
 * they are left out.
 */
import { createHash } from "node:crypto";
import type { DeliveryReply } from "../../src/event/snapshot.ts";
import type { Delivery } from "../../src/event/machine-types.ts";
import { mapEvent } from "../../src/settlement/map.ts";
import type { Mapping } from "../../src/settlement/settlement.ts";
import type { RefundEvents } from "../../src/settlement/mapping-table.ts";
import { parseEvent, type StripeEvent } from "../../src/stripe/event.ts";
import { STRANGE_CURRENCY } from "../../scripts/proof/histories/stripe-history.ts";
import type { EventObject } from "./event-object.ts";
import type { Invariants } from "./invariants.ts";
import { ObjectReset } from "./simulated-object.ts";
import type { World } from "./world.ts";

const TRIES = 3;
const BASE_DELAY_MS = 100;

export type MapFunction = (event: StripeEvent, options: { readonly refundEvents: RefundEvents }) => Mapping;

export interface WorkerSetup {
  readonly world: World;
  readonly invariants: Invariants;
  readonly objectOf: (id: string) => EventObject;
  readonly refundEvents: RefundEvents;
  readonly map: MapFunction;
}

export class WorkerModel {
  readonly #setup: WorkerSetup;

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
  }

  /** null: the answer was lost, or there never was one. */
  async deliver(body: Uint8Array): Promise<DeliveryReply | "unavailable" | null> {
    const { world, invariants, objectOf } = this.#setup;
    const { worker } = world.plan;
    world.count("deliveries");
    if (world.happens(worker.crash, "worker crash")) return null;
    const delivery = this.#accept(body);
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

  remap(body: Uint8Array): Mapping {
    return this.#accept(body).mapping;
  }

  #accept(body: Uint8Array): Delivery {
    const parsed = parseEvent(body);
    if (parsed.kind !== "event") throw new Error("the history holds something that is not an event");
    const { event } = parsed;
    const mapping = this.#setup.map(event, { refundEvents: this.#setup.refundEvents });
    return {
      event_id: event.id,
      event_type: event.type,
      livemode: event.livemode ?? false,
      api_version: event.api_version,
      stripe_account: event.account,
      mapping,
      body_sha256: new Uint8Array(createHash("sha256").update(body).digest()),
      secret_index: 0,
      body: mapping.kind === "unmappable" ? body : null,
      request_id: "req_1",
    };
  }
}

/**
 * The real mapper. In some histories it learns a currency by a later deploy; until then operators have what it could not
 * map.
 */
export function mapperOf(world: World, map: MapFunction = mapEvent): MapFunction {
  return (event, options) => {
    const mapping = map(event, options);
    const isMoney = mapping.kind === "settlement" || mapping.kind === "account_lookup";
    const isStrange = event.data.object["currency"] === STRANGE_CURRENCY;
    if (!isMoney || !isStrange || world.time.now >= world.plan.learnsAt) return mapping;
    world.count("not mapped yet");
    return { kind: "unmappable", reason: "currency_unknown" };
  };
}
