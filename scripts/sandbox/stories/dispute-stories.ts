import { DAY } from "../../lib/durations.ts";
import type { Dispute, DisputeOptions } from "../stripe-account/dispute.ts";
import type { StripeAccount } from "../stripe-account/stripe-account.ts";
import { named, type Owners, type Story } from "./story.ts";

export const DISPUTE_STORIES = {
  "dispute-lost": {
    title: "A dispute takes the payment, and is lost",
    play: (account, owners) => void disputed(account, owners).lose(),
  },
  "dispute-won": {
    title: "A dispute takes the payment, and is won: all of it comes back",
    play: (account, owners) => void disputed(account, owners).win(),
  },
  "dispute-lost-in-part": {
    title: "After a partial refund the dispute is lost, and part of the money comes back all the same",
    play(account, { ada }) {
      const payment = account.pay({ amount: 2_500, metadata: named(ada) });
      payment.refund({ amount: 500 });
      account.later(DAY);
      const dispute = payment.dispute({ amount: 2_000 }).submitEvidence();
      account.later(60 * DAY);
      dispute.loseInPart(700);
    },
  },
  "dispute-returned-in-parts": {
    title: "A won dispute comes back in two parts",
    play(account, owners) {
      const dispute = disputed(account, owners).win(1_500);
      account.later(DAY);
      dispute.returnFunds(1_000);
    },
  },
  "dispute-won-then-lost": {
    title: "A won dispute is taken once more: a second withdrawal",
    play(account, owners) {
      const dispute = disputed(account, owners).win();
      account.later(30 * DAY);
      dispute.withdrawAgain();
    },
  },
  "dispute-lost-then-won": {
    title: "A lost dispute is won after all",
    play(account, owners) {
      const dispute = disputed(account, owners).lose();
      account.later(30 * DAY);
      dispute.win();
    },
  },
  "dispute-lost-at-once": {
    title: "A direct debit is disputed: created and closed, and no event of the withdrawal",
    play(account, { ada }) {
      const payment = account.pay({ method: "us_bank_account", metadata: named(ada) });
      account.later(20 * DAY);
      payment.dispute({ kind: "lost_at_once" });
    },
  },
  "dispute-inquiry": {
    title: "The bank only asks, and closes its inquiry: no money moves",
    play: (account, owners) => disputed(account, owners, { kind: "inquiry" }).closeInquiry(),
  },
  "dispute-inquiry-escalated": {
    title: "An inquiry becomes a dispute, and is lost",
    play: (account, owners) => void disputed(account, owners, { kind: "inquiry" }).escalate().lose(),
  },
  "dispute-in-another-currency": {
    title: "A payment in dollars, disputed and won in euros at the day's rate: the dollars count",
    play(account, { ada }) {
      const payment = account.pay({ metadata: named(ada), conversion: { currency: "eur", rate: 0.92 } });
      account.later(10 * DAY);
      const dispute = payment.dispute({ conversion: { currency: "eur", rate: 0.95 } });
      account.later(30 * DAY);
      dispute.win();
    },
  },
  "dispute-lost-in-another-currency": {
    title: "A payment in dollars, disputed and lost in euros at the day's rate: the dollars count",
    play(account, { ada }) {
      const payment = account.pay({ metadata: named(ada), conversion: { currency: "eur", rate: 0.92 } });
      account.later(10 * DAY);
      payment.dispute({ conversion: { currency: "eur", rate: 0.95 } }).lose();
    },
  },
  "dispute-returned-months-later": {
    title: "A withdrawal comes back after half a year: no gift if an operator had written it off",
    play(account, owners) {
      const dispute = disputed(account, owners).lose();
      account.later(180 * DAY);
      dispute.win();
    },
  },
  "dispute-return-before-it": {
    title: "The return of a dispute arrives before everything else of it",
    play(account, owners) {
      disputed(account, owners).win();
      for (const event of account.events.filter(({ type }) => isBeforeReturn(type))) {
        account.deliverLast(event);
      }
    },
  },
  "dispute-of-two": {
    title: "Two disputes of one payment, one won and one lost",
    play(account, { ada }) {
      const payment = account.pay({ amount: 2_500, metadata: named(ada) });
      account.later(DAY);
      const first = payment.dispute({ amount: 1_000 });
      payment.dispute({ amount: 1_500 }).lose();
      account.later(DAY);
      first.win();
    },
  },
} as const satisfies Readonly<Record<string, Story>>;

function disputed(account: StripeAccount, { ada }: Owners, options: DisputeOptions = {}): Dispute {
  const payment = account.pay({ amount: 2_500, metadata: named(ada) });
  account.later(10 * DAY);
  const dispute = payment.dispute(options).submitEvidence();
  account.later(30 * DAY);
  return dispute;
}

function isBeforeReturn(type: string): boolean {
  return type.startsWith("charge.dispute.") && type !== "charge.dispute.funds_reinstated";
}
