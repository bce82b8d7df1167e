/** A payment to an account, as the drills of the lane send it. */
import { paymentIntentSucceeded } from "../../sandbox/events/stripe-events.ts";
import type { HistoryEvent } from "../histories/history.ts";

export interface Payment extends Pick<HistoryEvent, "id" | "body"> {
  readonly paymentId: string;
  readonly account: string;
  readonly amount: number;
}

/** `suffix` makes its ids. */
export function paymentTo(account: string, amount: number, suffix: string): Payment {
  const paymentId = `pi_drill_${suffix}`;
  const id = `evt_drill_${suffix}`;
  const body = paymentIntentSucceeded({ id: paymentId, account_id: account, amount }, { id });
  return { id, body, paymentId, account, amount };
}
