/** Everything that the verdict needs, gathered when both runs are over. */
import { concurrently } from "../../../../src/concurrently.ts";
import type { TempStack } from "../../../sandbox/stack/temp-stack.ts";
import { at } from "../../../lib/http.ts";
import type { Report } from "../../../sandbox/clients/reconciliations.ts";
import type { StripeEventBody } from "../../../sandbox/events/stripe-events.ts";
import type { Story } from "./plan-histories.ts";

export interface Payment {
  readonly event_id: string;
  readonly account_id: string;
  readonly amount_minor: number;
}

export interface Evidence {
  /** All that Stripe lists in the window; what it lists after it. */
  readonly payments: readonly Payment[];
  readonly live: readonly Payment[];
  readonly lost: readonly string[];
  readonly altered: readonly string[];
  readonly runs: readonly Report[];
  /** What was answered to the lost deliveries when they came after all. */
  readonly lateAnswers: readonly {
    readonly event_id: string;
    readonly state: unknown;
    readonly deduped: unknown;
  }[];
  readonly balances: Readonly<Record<string, string>>;
  /** How many different bodies the ledger saw for each lost event. */
  readonly requests: readonly { readonly event_id: string; readonly bodies: number }[];
}

const AT_ONCE = 32;

/** At last the lost deliveries come after all: they too are evidence. */
export async function gather(
  { clawsettle, ledger, sandbox }: TempStack,
  story: Story,
  runs: readonly Report[],
): Promise<Evidence> {
  const lateAnswers = await concurrently(story.lost, AT_ONCE, async (event) => {
    const { body } = await clawsettle.deliver({ body: JSON.stringify(event) });
    return { event_id: event.id, state: at(body, "state"), deduped: at(body, "deduped") };
  });
  const balances = await concurrently(story.accounts, AT_ONCE, async (account) => {
    const { body } = await ledger.account(account);
    return [account, String(at(body, "balances", "available"))] as const;
  });
  const requests = await concurrently(story.lost, AT_ONCE, async ({ id }) => {
    const sent = await sandbox.requests(`stripe:event:${id}`);
    return { event_id: id, bodies: new Set(sent.map((request) => at(request, "body_sha256"))).size };
  });
  return {
    payments: story.payments.map(paymentOf),
    live: story.live.map(paymentOf),
    lost: story.lost.map(({ id }) => id),
    altered: story.altered.map(({ id }) => id),
    runs,
    lateAnswers,
    balances: Object.fromEntries(balances),
    requests,
  };
}

function paymentOf(event: StripeEventBody): Payment {
  const { amount_received, metadata } = event.data.object as {
    amount_received?: number;
    metadata?: { account_id?: string };
  };
  return { event_id: event.id, account_id: metadata?.account_id ?? "", amount_minor: amount_received ?? 0 };
}
