/**
 * Stripe as a sender: each event until a 2xx, with growing gaps, for three days; some twice at the same
 * moment, some overtaken by later ones, some resent weeks later by an operator; and for a while, perhaps,
 * nothing at all.
 */
import { utf8 } from "../../src/bytes.ts";
import type { HistoryEvent } from "../../scripts/proof/histories/history.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../scripts/lib/durations.ts";
import type { WorkerModel } from "./worker-model.ts";
import { START, type World } from "./world.ts";

/** After the event was made. Stripe publishes no schedule but "up to three days, with growing gaps". */
const DELIVERIES_AFTER_MS = [0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 22 * HOUR, 34 * HOUR];
const LAST_DELIVERIES_AFTER_MS = [46 * HOUR, 58 * HOUR, 70 * HOUR];
/** It waits no longer for an answer. */
const TIMEOUT_MS = 20 * SECOND;
/** An operator can resend for 30 days. */
export const LAST_RESEND_MS = 29 * DAY;

export class StripeModel {
  /** Events that got a 2xx. */
  readonly accepted = new Set<string>();
  readonly #world: World;
  readonly #worker: WorkerModel;

  constructor(world: World, worker: WorkerModel) {
    this.#world = world;
    this.#worker = worker;
  }

  schedule(event: HistoryEvent): void {
    const { time, random, plan } = this.#world;
    time.at(event.at, () => void this.#deliverUntilAccepted(event, this.#leavesAt(event)));
    if (random.chance(plan.stripe.resend)) {
      time.at(event.at + random.magnitude(MINUTE, LAST_RESEND_MS), () => void this.resend(event));
    }
  }

  /** By an operator, in Stripe's dashboard. */
  async resend(event: HistoryEvent): Promise<void> {
    this.#world.count("resends");
    this.#world.note(event.id, () => "resent from Stripe's dashboard");
    await this.#send(event);
  }

  #leavesAt({ at }: HistoryEvent): number {
    const { backlogMs } = this.#world.plan.stripe;
    return backlogMs === 0 || !this.#world.isFaulty
      ? at
      : START + Math.ceil((at - START) / backlogMs) * backlogMs;
  }

  async #deliverUntilAccepted(event: HistoryEvent, leavesAt: number): Promise<void> {
    const { time, random, plan } = this.#world;
    for (const gap of [...DELIVERIES_AFTER_MS, ...LAST_DELIVERIES_AFTER_MS]) {
      const held = this.#world.happens(plan.stripe.overtaken, "overtaken")
        ? random.magnitude(SECOND, 2 * HOUR)
        : random.magnitude(1, plan.stripe.backlogMs === 0 ? 2_000 : 15 * SECOND);
      await time.sleepUntil(leavesAt + gap + held);
      if (this.accepted.has(event.id)) return;
      const copies = this.#world.happens(plan.stripe.sameMoment, "same moment") ? random.whole(2, 3) : 1;
      await Promise.all(Array.from({ length: copies }, () => this.#send(event)));
    }
  }

  async #send(event: HistoryEvent): Promise<void> {
    const { time, random, plan } = this.#world;
    if (this.#world.isIn(plan.stripe.silences)) return this.#world.count("fault: silence");
    await time.sleep(random.whole(1, 100));
    this.#world.note(event.id, () => `Stripe delivers ${event.type}`);
    const timeout = time.sleep(TIMEOUT_MS).then(() => null);
    const reply = await Promise.race([this.#worker.deliver(utf8(JSON.stringify(event.body))), timeout]);
    if (reply === null || reply === "unavailable") return;
    if (reply === "not_listed" || reply.kind === "ok") this.accepted.add(event.id);
    if ((reply === "not_listed") === event.isListed) {
      this.#world.violate(
        event.id,
        `is answered as if its account were ${event.isListed ? "not " : ""}listed`,
      );
    }
    if (reply !== "not_listed" && reply.kind === "event_conflict") {
      this.#world.violate(event.id, "is answered that it contradicts itself");
    }
  }
}
