/** All that a verdict rests on, gathered when the drill has come to rest. */
import { setTimeout as sleep } from "node:timers/promises";
import { concurrently } from "../../../src/concurrently.ts";
import type { EventState } from "../../../src/event/event-state.ts";
import type { Statistics } from "../../../src/operators/statistics-schema.ts";
import { accountIdOf } from "../../lib/account-id.ts";
import type { Clawsettle, EventRow } from "../../sandbox/clients/clawsettle.ts";
import type { Settlement } from "../../sandbox/ledger/contract.ts";
import type { LoggedRequest } from "../../sandbox/ledger/request-log.ts";
import type { HistoryEvent } from "../histories/history.ts";
import type { DrillStack } from "./drill-stack.ts";
import type { DrillPlan } from "./plan-drill.ts";
import type { Delivered } from "./stripe-sender.ts";

export interface Evidence extends Pick<DrillPlan, "events" | "movements"> {
  readonly delivered: ReadonlyMap<string, Delivered>;
  /** What clawsettle says of each event; one that is not here it does not know. */
  readonly views: ReadonlyMap<string, EventState>;
  readonly rows: readonly EventRow[];
  readonly stats: Pick<Statistics, "states" | "open" | "rescues">;
  readonly settlements: readonly Settlement[];
  /** Per account, in minor units per currency. */
  readonly balances: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly requests: readonly LoggedRequest[];
}

const AT_ONCE = 16;
/** An event that waits for what never comes is now and then in an attempt. It rests between them. */
const REST_TRIES = 40;
const REST_POLL_MS = 250;

export async function gatherEvidence(
  { sender, clawsettle, sandbox, collector }: DrillStack,
  { events, movements, dids }: Pick<DrillPlan, "events" | "movements" | "dids">,
): Promise<Evidence> {
  const views = await concurrently(events, AT_ONCE, (event) => viewAtRest(clawsettle, event));
  const audit = await sandbox.audit();
  const held = new Map(audit.accounts.map((account) => [account.account_id, account.held]));
  await collector.read();
  return {
    events,
    movements,
    delivered: sender.delivered,
    views: new Map(views.flatMap((view) => (view === null ? [] : [[view.event_id, view]]))),
    rows: await clawsettle.events(),
    stats: await clawsettle.stats(),
    settlements: await sandbox.settlements(),
    balances: new Map(dids.map(accountIdOf).map((account) => [account, held.get(account) ?? {}])),
    requests: collector.requests,
  };
}

async function viewAtRest(clawsettle: Clawsettle, { id }: HistoryEvent): Promise<EventState | null> {
  for (let tries = 1; ; tries++) {
    const view = await clawsettle.event(id);
    const moves = view?.state === "received" || view?.state === "forwarding";
    if (!moves || tries === REST_TRIES) return view;
    await sleep(REST_POLL_MS);
  }
}
