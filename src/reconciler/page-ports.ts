/** What a run's pages need from outside, connected: Stripe's API, the ledger, the events' objects. */
import type { Config } from "../config.ts";
import { deliver } from "../delivery/deliver.ts";
import { prepareDelivery } from "../delivery/prepare.ts";
import { callEvent } from "../event/call-event.ts";
import { connectLedger } from "../ledger/connect.ts";
import { subscribedEventTypes } from "../settlement/map.ts";
import { createStripeEvents } from "../stripe-api/events.ts";
import { checkLivemode } from "../stripe/livemode.ts";
import { keyLivemode } from "../stripe-api/key-livemode.ts";
import type { PagePorts } from "./ports.ts";
import type { FailureCode, Running } from "./run.ts";
import { isBookedOtherwise } from "./window.ts";

type StoredPorts = Pick<PagePorts, "recordActing" | "bounds">;

/** Or why this run cannot go on with the present configuration. */
export function pagePortsFor(
  env: Env,
  config: Config,
  run: Running,
  stored: StoredPorts,
): PagePorts | FailureCode {
  const { stripeApi } = config;
  if (stripeApi === null) return "not_configured";
  const livemode = keyLivemode(stripeApi.key);
  if (livemode !== null && checkLivemode(livemode, config).kind === "refused") return "livemode_mismatch";
  if (isBookedOtherwise(run.from, stored.bounds())) return "configuration_changed";
  return {
    stripe: createStripeEvents(stripeApi),
    ledger: connectLedger(env, config.ledger),
    inspect: (eventId) => callEvent(env, eventId, (stub) => stub.inspect()),
    deliver: (delivery) => deliver(env, delivery, Date.now()),
    poke: (eventId) => callEvent(env, eventId, (stub) => stub.poke()),
    prepare: (body) => prepareDelivery(body, config, { secretIndex: null, requestId: run.id }),
    types: subscribedEventTypes(),
    now: () => Date.now(),
    ...stored,
  };
}
