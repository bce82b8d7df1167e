/** Stripe's API behind a network: it is slow, down, rate-limited, or refuses the key for a while. */
import type { StripeLookups, StripeUnavailable } from "../../src/stripe-api/port.ts";
import { SECOND } from "../../scripts/lib/durations.ts";
import type { LedgerRequest } from "./ledger-model.ts";
import type { World } from "./world.ts";

const UNAVAILABLE: StripeUnavailable = { kind: "unavailable", retry_after_ms: null };

export class StripeApiModel {
  readonly #world: World;
  readonly #answers: StripeLookups;

  constructor(world: World, answers: StripeLookups) {
    this.#world = world;
    this.#answers = answers;
  }

  async ask<T>(
    request: LedgerRequest,
    ask: (stripe: StripeLookups) => Promise<T>,
  ): Promise<T | StripeUnavailable> {
    await request.gate;
    request.leaves();
    const { time, random, plan } = this.#world;
    const { fails, slow, outages, refusals } = plan.stripeApi;
    this.#world.note(request.who, () => `→ Stripe's API: ${request.what}`);
    this.#world.count("questions to Stripe's API");
    const isSlow = this.#world.happens(slow, "Stripe's API slow");
    await time.sleep(isSlow ? random.magnitude(SECOND, 4 * request.timeoutMs) : random.whole(20, 600));
    // One deadline for all requests of a question.
    if (isSlow && random.chance(0.5)) return UNAVAILABLE;
    if (this.#world.isIn(refusals)) {
      this.#world.count("fault: Stripe's API refuses");
      return UNAVAILABLE;
    }
    if (this.#world.isIn(outages) || this.#world.happens(fails, "Stripe's API fails")) {
      return { ...UNAVAILABLE, retry_after_ms: random.pick([null, null, 0, 30 * SECOND]) };
    }
    return ask(this.#answers);
  }
}
