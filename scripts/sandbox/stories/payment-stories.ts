import { DAY, HOUR, MINUTE } from "../../lib/durations.ts";
import { named, type Story } from "./story.ts";

export const PAYMENT_STORIES = {
  payment: {
    title: "A payment whose intent names the account",
    play: (account, { ada }) => void account.pay({ metadata: named(ada) }),
  },
  "payment-failed-then-succeeded": {
    title: "Two attempts fail, the third succeeds: the customer was charged once",
    play(account, { ada }) {
      const payment = account.createPayment({ metadata: named(ada) });
      payment.failAttempt();
      account.later(MINUTE);
      payment.failAttempt();
      account.later(HOUR);
      payment.succeed();
    },
  },
  "payment-canceled": {
    title: "Nobody pays, and the intent is canceled",
    play(account, { ada }) {
      const payment = account.createPayment({ metadata: named(ada) }).failAttempt();
      account.later(DAY);
      payment.cancel();
    },
  },
  "payment-bank-debit": {
    title: "A direct debit: Stripe counts the money days before the payment succeeds",
    play: (account, { ada }) => void account.pay({ method: "sepa_debit", metadata: named(ada) }),
  },
  "payment-bank-debit-failed": {
    title: "A direct debit fails days after Stripe had counted its money",
    play(account, { ada }) {
      account.createPayment({ method: "sepa_debit", metadata: named(ada) }).failAttempt();
    },
  },
  "payment-in-another-currency": {
    title: "Paid and refunded in dollars, settled in euros at two rates: the dollars count",
    play(account, { ada }) {
      const conversion = { currency: "eur", rate: 0.92 };
      const payment = account.pay({ amount: 2_500, metadata: named(ada), conversion });
      account.later(DAY);
      payment.refund({ amount: 1_000 });
    },
  },
  "payment-of-nobody": {
    title: "Nothing names an account: the payment, its refund and its dispute wait for an operator",
    play(account) {
      const payment = account.pay({ amount: 2_500 });
      account.later(HOUR);
      payment.refund({ amount: 500 });
      account.later(DAY);
      payment.dispute();
    },
  },
  "payment-metadata-changed-after": {
    title: "The intent names another account after it was paid: the refund is still the payer's",
    play(account, { ada, bob }) {
      account.pay({ amount: 4_000, metadata: named(bob) });
      const payment = account.pay({ amount: 2_500, metadata: named(ada) });
      account.later(HOUR);
      payment.changeMetadata(named(bob));
      account.later(HOUR);
      payment.refund({ amount: 1_000 });
    },
  },
  "payment-metadata-changed-before-capture": {
    title: "The charge has copied one account, and the intent names another when it is captured",
    play(account, { ada, bob }) {
      account.pay({ amount: 4_000, metadata: named(ada) });
      const payment = account.authorize({ amount: 2_500, metadata: named(ada) });
      account.later(HOUR);
      payment.changeMetadata(named(bob));
      payment.capture();
      account.later(HOUR);
      payment.refund({ amount: 1_000 });
    },
  },
  "payment-twins": {
    title: "Two events for every change of a payment and its refund, a second apart",
    play(account, { ada }) {
      account
        .pay({ amount: 2_500, metadata: named(ada) })
        .refund({ amount: 1_000 })
        .updateReference();
      for (const event of account.events.slice()) account.twin(event, 1);
    },
  },
  "checkout-metadata": {
    title: "Checkout: only the session's metadata names the account",
    play: (account, { ada }) => void account.pay({ checkout: { metadata: named(ada) } }),
  },
  "checkout-client-reference": {
    title: "Checkout: only the session's client_reference_id names the account; the refund follows it",
    play(account, { ada }) {
      const payment = account.pay({ checkout: { client_reference_id: ada } });
      account.later(DAY);
      payment.refund({ amount: 1_000 });
    },
  },
  "checkout-bank-debit": {
    title: "Checkout with a direct debit: the session is complete days before its payment succeeds",
    play: (account, { ada }) =>
      void account.pay({ method: "sepa_debit", checkout: { metadata: named(ada) } }),
  },
  "invoice-metadata": {
    title: "An invoice names the account; its first attempt fails",
    play(account, { ada }) {
      const customer = account.createCustomer();
      account
        .createPayment({ customer, invoice: { metadata: named(ada) } })
        .failAttempt()
        .succeed();
    },
  },
  "subscription-metadata": {
    title: "Only the subscription of the invoice names the account",
    play(account, { ada }) {
      const customer = account.createCustomer();
      account.pay({ customer, invoice: { subscription: { metadata: named(ada) } } });
    },
  },
  "customer-metadata": {
    title: "Only the customer names the account; the dispute follows it",
    play(account, { ada }) {
      const payment = account.pay({ customer: account.createCustomer(named(ada)) });
      account.later(DAY);
      payment.dispute();
    },
  },
  "intent-before-session-and-customer": {
    title: "Intent, session and customer name different accounts: the intent's counts",
    play(account, { ada, bob }) {
      const customer = account.createCustomer(named(bob));
      account.pay({ metadata: named(ada), checkout: { metadata: named(bob) }, customer });
    },
  },
  "charge-without-intent": {
    title: "A charge without an intent is paid, refunded in part, and disputed",
    play(account, { ada }) {
      const payment = account.createCharge({ amount: 2_500, metadata: named(ada) }).succeed();
      account.later(HOUR);
      payment.refund({ amount: 500 });
      account.later(DAY);
      payment.dispute({ amount: 800 });
    },
  },
  "charge-without-intent-captured-later": {
    title: "A charge without an intent is authorized, and captured two days later",
    play(account, { ada }) {
      const payment = account.createCharge({ metadata: named(ada) }).authorize();
      account.later(2 * DAY);
      payment.capture();
    },
  },
  "charge-without-intent-of-customer": {
    title: "A charge without an intent, and only its customer names the account",
    play(account, { ada }) {
      account.createCharge({ customer: account.createCustomer(named(ada)) }).succeed();
    },
  },
} as const satisfies Readonly<Record<string, Story>>;
