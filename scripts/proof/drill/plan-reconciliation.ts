/** What happens at Stripe during the drill, which deliveries are lost, and which settlements are altered. */
import { accountIdOf } from "../../lib/account-id.ts";
import { ordered } from "../../lib/ordered.ts";
import type { Random } from "../../lib/random.ts";
import { paymentIntentSucceeded } from "../../sandbox/events/stripe-events.ts";
import { type HistoryEvent, Movement } from "../histories/history.ts";
import { didsOf } from "./plan-drill.ts";

const ACCOUNTS = 20;
/** The payments lie within it, so that one window holds them all. */
const SPREAD_SECONDS = 3_000;
const LIVE_PAYMENTS = 200;

export type ReconciliationPlan = ReturnType<typeof planReconciliation>;

export function planReconciliation(
  random: Random,
  { payments: count, lost, altered }: { payments: number; lost: number; altered: number },
  nowSeconds: number,
) {
  const dids = didsOf(ACCOUNTS);
  const accounts = dids.map(accountIdOf);
  const pay = (created: number) => payment(random.pick(accounts), random.whole(100, 99_999), created);
  const payments = Array.from({ length: count }, (_, n) =>
    pay(nowSeconds - 60 - Math.floor((n * SPREAD_SECONDS) / count)),
  );
  const mixed = ordered(payments, () => random.next());
  return {
    dids,
    /** In the window, `lost` and `arrived` together. */
    payments,
    lost: mixed.slice(0, lost),
    arrived: mixed.slice(lost),
    /** Of those that arrived. */
    altered: mixed.slice(lost, lost + altered),
    /** After the window, while the run is on. */
    live: Array.from({ length: LIVE_PAYMENTS }, () => pay(nowSeconds)),
    window: {
      from: new Date((nowSeconds - 120 - SPREAD_SECONDS) * 1000).toISOString(),
      to: new Date((nowSeconds - 30) * 1000).toISOString(),
    },
  };
}

function payment(account: string, amount: number, created: number): HistoryEvent {
  const body = paymentIntentSucceeded({ account_id: account, amount }, { created });
  const { id, type } = body;
  const delta = BigInt(amount);
  const movement = new Movement(`payment of ${id}`, { currency: "USD", delta }, { account });
  const at = created * 1000;
  return { id, type, at, body, movement, heldFor: null, mayBeOvertaken: false, isListed: true };
}
