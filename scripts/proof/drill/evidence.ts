/** All that a verdict rests on, gathered when the drill has come to rest. */
import { setTimeout as sleep } from "node:timers/promises";
import { accountIdOf } from "../../lib/account-id.ts";
import type { Sandbox } from "../../sandbox/clients/sandbox-ledger.ts";
import type { Movement, ToldEvent } from "../histories/history.ts";
import type { Settlement } from "../../sandbox/ledger/contract.ts";
import type { LoggedRequest } from "../../sandbox/ledger/request-log.ts";
import { concurrently } from "../../../src/concurrently.ts";
import type { EventRow, EventView, Operator, Stats } from "./operator.ts";
import type { RequestCollector } from "./requests.ts";
import type { Stripe, Delivered } from "./stripe.ts";

export interface Evidence {
  readonly events: readonly ToldEvent[];
  readonly movements: readonly Movement[];
  readonly delivered: ReadonlyMap<string, Delivered>;
  /** What clawsettle says of each event; one that is not here it does not know. */
  readonly views: ReadonlyMap<string, EventView>;
  readonly rows: readonly EventRow[];
  readonly stats: Stats;
  readonly settlements: readonly Settlement[];
  /** Per account, in minor units per currency. */
  readonly balances: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly requests: readonly LoggedRequest[];
}

export interface Sources {
  readonly stripe: Stripe;
  readonly operator: Operator;
  readonly sandbox: Sandbox;
  readonly collector: RequestCollector;
}

const AT_ONCE = 16;
/** An event that waits for what never comes is now and then in an attempt. It rests between them. */
const REST_TRIES = 40;
const REST_POLL_MS = 250;

export async function gather(
  { stripe, operator, sandbox, collector }: Sources,
  story: { readonly events: readonly ToldEvent[]; readonly movements: readonly Movement[] },
  dids: readonly string[],
): Promise<Evidence> {
  const views = new Map<string, EventView>();
  await concurrently(story.events, AT_ONCE, async ({ id }) => {
    const view = await viewAtRest(operator, id);
    if (view !== null) views.set(id, view);
  });
  const [rows, stats, settlements, audit] = await Promise.all([
    operator.list(),
    operator.stats(),
    sandbox.settlements(),
    sandbox.audit(),
  ]);
  const held = new Map(audit.accounts.map((account) => [account.account_id, account.held]));
  const balances = new Map(dids.map(accountIdOf).map((account) => [account, held.get(account) ?? {}]));
  await collector.read();
  const { events, movements } = story;
  const { requests } = collector;
  return { events, movements, delivered: stripe.told, views, rows, stats, settlements, balances, requests };
}

async function viewAtRest(operator: Operator, eventId: string): Promise<EventView | null> {
  for (let tries = 1; ; tries++) {
    const view = await operator.show(eventId);
    const moves = view?.state === "received" || view?.state === "forwarding";
    if (!moves || tries === REST_TRIES) return view;
    await sleep(REST_POLL_MS);
  }
}
