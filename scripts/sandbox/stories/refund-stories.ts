import { DAY, HOUR } from "../../lib/durations.ts";
import type { Payment } from "../stripe-account/payment.ts";
import type { PaymentMethod } from "../stripe-account/payment-method.ts";
import type { StripeAccount } from "../stripe-account/stripe-account.ts";
import { WITHOUT_REFUND_EVENTS } from "../stripe-account/unusual-accounts.ts";
import { named, type Owners, type Story } from "./story.ts";

export const REFUND_STORIES = {
  refund: {
    title: "A card refund; days later its bank reference comes, and moves nothing",
    play(account, owners) {
      const refund = paid(account, owners).refund();
      account.later(3 * DAY);
      refund.updateReference();
    },
  },
  "refunds-in-part": {
    title: "Three partial refunds: the charge reports totals",
    play(account, owners) {
      const payment = paid(account, owners);
      for (const amount of [500, 300, 700]) {
        account.later(HOUR);
        payment.refund({ amount });
      }
    },
  },
  "refunds-in-part-alike": {
    title: "Two partial refunds of the same amount in the same second: two movements",
    play(account, owners) {
      const payment = paid(account, owners);
      payment.refund({ amount: 700 });
      payment.refund({ amount: 700 });
    },
  },
  "refund-pending-then-succeeded": {
    title: "Stripe's balance is too low for a card refund: pending without a movement, then succeeded",
    play(account, owners) {
      const refund = paid(account, owners).refund({ amount: 1_000, status: "pending" });
      account.later(2 * DAY);
      refund.succeed();
    },
  },
  "refund-never-left": {
    title: "A pending card refund fails before any money left",
    play(account, owners) {
      const refund = paid(account, owners).refund({ amount: 1_000, status: "pending" });
      account.later(2 * DAY);
      refund.fail("charge_for_pending_refund_disputed");
    },
  },
  "refund-canceled-before-it-left": {
    title: "A pending card refund is canceled before any money left",
    play(account, owners) {
      const refund = paid(account, owners).refund({ amount: 1_000, status: "pending" });
      account.later(HOUR);
      refund.cancel();
    },
  },
  "refund-canceled": {
    title: "A card refund is canceled in the dashboard after its money had left: it comes back",
    play(account, owners) {
      const refund = paid(account, owners).refund({ amount: 1_000 });
      account.later(HOUR);
      refund.cancel();
    },
  },
  "refund-failed": {
    title: "A card refund succeeds, and fails three weeks later: its money comes back",
    play(account, owners) {
      const refund = paid(account, owners).refund({ amount: 1_000 });
      account.later(21 * DAY);
      refund.fail();
    },
  },
  "refund-failed-then-made-again": {
    title: "A refund fails and is made again, for the same amount",
    play(account, owners) {
      const payment = paid(account, owners);
      payment.refund({ amount: 1_000 }).fail();
      account.later(DAY);
      payment.refund({ amount: 1_000 });
    },
  },
  "refund-to-bank": {
    title: "A bank refund: its money leaves while it is pending, then it succeeds",
    play(account, owners) {
      const refund = paid(account, owners, "sepa_debit").refund({ amount: 1_000, status: "pending" });
      account.later(5 * DAY);
      refund.succeed();
    },
  },
  "refund-to-bank-failed": {
    title: "A bank refund fails while it is pending: its money had left, and comes back",
    play(account, owners) {
      const refund = paid(account, owners, "sepa_debit").refund({ amount: 1_000, status: "pending" });
      account.later(5 * DAY);
      refund.fail();
    },
  },
  "refund-to-bank-failed-after-success": {
    title: "A bank refund succeeds, and fails days later: its money comes back",
    play(account, owners) {
      const refund = paid(account, owners, "sepa_debit").refund({ amount: 1_000, status: "pending" });
      account.later(5 * DAY);
      refund.succeed();
      account.later(5 * DAY);
      refund.fail();
    },
  },
  "refund-requires-action": {
    title: "The customer must name a bank account first: requires action, pending, succeeded",
    play(account, owners) {
      const refund = paid(account, owners, "konbini").refund({ amount: 1_000, status: "requires_action" });
      account.later(3 * DAY);
      refund.pend();
      account.later(2 * DAY);
      refund.succeed();
    },
  },
  "refund-requires-action-unanswered": {
    title: "The customer never names a bank account: the refund fails, and no money had left",
    play(account, owners) {
      const refund = paid(account, owners, "konbini").refund({ amount: 1_000, status: "requires_action" });
      account.later(45 * DAY);
      refund.fail();
    },
  },
  "refund-before-its-payment": {
    title: "All of a refund arrives before its payment",
    play(account, owners) {
      const payment = paid(account, owners);
      account.later(HOUR);
      payment.refund({ amount: 1_000 });
      account.deliverLast(account.lastEvent("payment_intent.succeeded"));
    },
  },
  "refund-return-before-it": {
    title: "A failed refund's return arrives before the refund, and both before the payment",
    play(account, owners) {
      const refund = paid(account, owners).refund({ amount: 1_000 });
      account.later(DAY);
      refund.fail();
      account.deliverLast(account.lastEvent("refund.created"));
      account.deliverLast(account.lastEvent("payment_intent.succeeded"));
    },
  },
  "refund-names-another-account": {
    title: "A refund's own metadata names another account than its payment's",
    play(account, owners) {
      account.pay({ amount: 4_000, metadata: named(owners.bob) });
      paid(account, owners).refund({ amount: 1_000, metadata: named(owners.bob) });
    },
  },
  "refund-of-cash-balance": {
    title: "A customer's cash balance goes back: no charge, no intent, an operator decides",
    play: (account) => account.refundCashBalance(account.createCustomer(), 1_000),
  },
  "refund-at-old-endpoint": {
    title: "The endpoint is older than 2024-10-28 and gets no refund.*: an operator decides",
    options: WITHOUT_REFUND_EVENTS,
    lacksUntilOperator: -1_000,
    play: (account, owners) => void paid(account, owners).refund({ amount: 1_000 }),
  },
  "refund-failed-at-old-endpoint": {
    title: "As refund-at-old-endpoint, and the refund fails: only the charge's events report both",
    options: WITHOUT_REFUND_EVENTS,
    play: (account, owners) => paid(account, owners).refund({ amount: 1_000 }).fail(),
  },
} as const satisfies Readonly<Record<string, Story>>;

function paid(account: StripeAccount, { ada }: Owners, method: PaymentMethod = "card"): Payment {
  return account.pay({ amount: 2_500, metadata: named(ada), method });
}
