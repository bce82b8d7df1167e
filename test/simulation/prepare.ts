/** From bytes to a delivery, by the Worker's own code, and what a planted bug makes of its mapping. */
import type { Config } from "../../src/config.ts";
import { mapOptionsOf, prepareDelivery, type Prepared } from "../../src/delivery/prepare.ts";
import { mapEvent } from "../../src/settlement/map.ts";
import type { Mapping } from "../../src/settlement/mapping.ts";
import { parseEvent, type StripeEvent } from "../../src/stripe/event.ts";
import { LISTED_ACCOUNT } from "../../scripts/sandbox/stripe-account/unusual-accounts.ts";
import { ACCOUNT_KEY } from "./stripe-lookups.ts";

/** What becomes of a mapping. */
export type Remap = (sound: Mapping, event: StripeEvent) => Mapping;

export interface Preparation {
  readonly asksStripe: boolean;
  readonly connectedAccounts?: readonly string[] | undefined;
  readonly remap: Remap | null;
}

const SOURCE = { secretIndex: 0, requestId: "req_1" };

export class Preparer {
  readonly #config: Config;
  readonly #remap: Remap | null;

  constructor({ asksStripe, connectedAccounts = [LISTED_ACCOUNT], remap }: Preparation) {
    this.#remap = remap;
    const config: Partial<Config> = {
      settleEnv: "staging",
      allowTestmodeEventsInProd: false,
      accountKey: ACCOUNT_KEY,
      connectedAccounts: new Set(connectedAccounts),
      stripeApi: asksStripe ? { key: "rk_test_1", baseUrl: "https://stripe.test" } : null,
    };
    this.#config = config as Config;
  }

  async prepare(body: Uint8Array<ArrayBuffer>): Promise<Exclude<Prepared, { kind: "refused" }>> {
    const prepared = await prepareDelivery(body, this.#config, SOURCE);
    if (prepared.kind === "refused") throw new Error(`the history holds what is no event: ${prepared.why}`);
    if (this.#remap === null || prepared.kind === "not_listed") return prepared;
    const mapping = this.#remap(prepared.delivery.mapping, eventOf(body));
    const isKept = mapping.kind === "unmappable" || mapping.kind === "question";
    return { kind: "delivery", delivery: { ...prepared.delivery, mapping, body: isKept ? body : null } };
  }

  /** Of a body that was kept; `assigned`: the account that an operator names. */
  map(body: Uint8Array, assigned?: string): Mapping {
    const event = eventOf(body);
    const mapping = mapEvent(event, {
      ...mapOptionsOf(this.#config),
      ...(assigned !== undefined && { assigned }),
    });
    return this.#remap?.(mapping, event) ?? mapping;
  }
}

function eventOf(body: Uint8Array): StripeEvent {
  const parsed = parseEvent(body);
  if (parsed.kind !== "event") throw new Error("the history holds what is no event");
  return parsed.event;
}
