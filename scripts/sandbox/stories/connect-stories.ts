import { HOUR } from "../../lib/durations.ts";
import type { StripeAccount } from "../stripe-account/stripe-account.ts";
import { LISTED_ACCOUNT, STRANGER } from "../stripe-account/unusual-accounts.ts";
import { named, type Owners, type Story } from "./story.ts";

export const CONNECT_STORIES = {
  "connected-account": {
    title: "A payment and a refund of a connected account that is listed",
    options: { account: LISTED_ACCOUNT },
    play: payAndRefund,
  },
  "connected-stranger": {
    title: "A connected account that is not listed names an account of ours in its own payment",
    options: { account: STRANGER, isListed: false },
    play: payAndRefund,
  },
} as const satisfies Readonly<Record<string, Story>>;

function payAndRefund(account: StripeAccount, { ada }: Owners): void {
  const payment = account.pay({ amount: 2_500, metadata: named(ada) });
  account.later(HOUR);
  payment.refund({ amount: 1_000 });
}
