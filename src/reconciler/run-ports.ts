/**
 * What a run's steps need from outside, connected: Stripe's API, the ledger,
 * the events' objects and their index.
 */
import type { Config } from "../config.ts";
import { deliver } from "../delivery/deliver.ts";
import { prepareDelivery } from "../delivery/prepare.ts";
import { callEvent } from "../event/call-event.ts";
import type { EventSummary } from "../event-index/event-summary.ts";
import { listEvents } from "../event-index/queries.ts";
import { connectLedger } from "../ledger/connect.ts";
import { subscribedEventTypes } from "../settlement/map.ts";
import { createStripeEvents } from "../stripe-api/events.ts";
import { checkLivemode } from "../stripe/livemode.ts";
import { keyLivemode } from "../stripe-api/key-livemode.ts";
import { createStripeMoney } from "../stripe-api/money.ts";
import type { FinalSummary } from "./evidence.ts";
import type { RunPorts } from "./ports.ts";
import type { FailureCode, Running } from "./run.ts";
import { isBookedOtherwise } from "./window.ts";

type StoredPorts = Pick<RunPorts, "recordActing" | "bounds" | "tables">;

/** Twins and updates of one movement. */
const EVENTS_OF_ONE = 10;
/** Each shard answers as many. */
const PAGE_SUMMARIES = 500;

function finalSummary(summary: EventSummary): FinalSummary[] {
  const { event_id, state, reason, attempts, payment_id, account_id, amount_minor, currency } = summary;
  if (state !== "forwarded" && state !== "ignored") return [];
  return [{ event_id, state, reason, attempts, payment_id, account_id, amount_minor, currency }];
}

/** Or why this run cannot go on with the present configuration. */
export function runPortsFor(
  env: Env,
  config: Config,
  run: Running,
  stored: StoredPorts,
): RunPorts | FailureCode {
  const { stripeApi, connectedAccounts } = config;
  const { stripe_account: stripeAccount } = run;
  if (stripeApi === null) return "not_configured";
  const index = { env, shards: config.indexShards };
  const settlesMode = (livemode: boolean) => checkLivemode(livemode, config).kind === "fits";
  const livemode = keyLivemode(stripeApi.key);
  if (livemode !== null && !settlesMode(livemode)) return "livemode_mismatch";
  if (stripeAccount !== null && !connectedAccounts.has(stripeAccount)) return "not_configured";
  if (isBookedOtherwise(run.from, stored.bounds())) return "configuration_changed";
  return {
    stripe: createStripeEvents({ ...stripeApi, stripeAccount }),
    money: createStripeMoney({ ...stripeApi, stripeAccount }),
    connectedAccounts,
    settlesMode,
    listSummaries: async (received_from, before) => {
      const page = await listEvents(index, { received_from }, before, PAGE_SUMMARIES);
      return page === null ? null : { summaries: page.events.flatMap(finalSummary), next: page.next };
    },
    findEvents: async (payment_id) => {
      const page = await listEvents(index, { payment_id }, null, EVENTS_OF_ONE);
      return page?.events.map(({ event_id }) => event_id) ?? null;
    },
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
