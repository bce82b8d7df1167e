import { DAY } from "../../lib/durations.ts";
import type { Payout } from "../stripe-account/payout.ts";
import type { StripeAccount } from "../stripe-account/stripe-account.ts";
import { named, type Owners, type Story } from "./story.ts";

export const PAYOUT_STORIES = {
  "payout-paid": {
    title: "A payout for an account is paid",
    play: (account, owners) => void paidOut(account, owners).pay(),
  },
  "payout-paid-then-failed": {
    title: "A paid payout comes back days later",
    play(account, owners) {
      const payout = paidOut(account, owners).pay();
      account.later(3 * DAY);
      payout.fail();
    },
  },
  "payout-failed-then-paid": {
    title: "A payout's failure arrives before the event that says it was paid",
    play(account, owners) {
      const payout = paidOut(account, owners).pay();
      account.later(3 * DAY);
      payout.fail();
      account.deliverLast(account.lastEvent("payout.paid"));
    },
  },
  "payout-failed": {
    title: "A payout fails before it was paid",
    play: (account, owners) => void paidOut(account, owners).fail(),
  },
  "payout-canceled": {
    title: "A payout is canceled while it is pending",
    play: (account, owners) => void paidOut(account, owners).cancel(),
  },
  "payout-automatic": {
    title: "A payout by the account's schedule, for no ledger account",
    play(account) {
      account.payOut({ automatic: true }).pay();
    },
  },
  "payout-negative": {
    title: "Stripe takes money from the bank account: a payout with a negative amount",
    play(account, { ada }) {
      account.payOut({ amount: -1_000, metadata: named(ada) }).pay();
    },
  },
} as const satisfies Readonly<Record<string, Story>>;

function paidOut(account: StripeAccount, { ada }: Owners): Payout {
  account.pay({ amount: 2_500, metadata: named(ada) });
  account.later(2 * DAY);
  const payout = account.payOut({ amount: 2_000, metadata: named(ada) });
  account.later(DAY);
  return payout;
}
