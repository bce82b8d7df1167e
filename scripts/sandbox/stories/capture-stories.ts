import { DAY } from "../../lib/durations.ts";
import type { StripeAccount } from "../stripe-account/stripe-account.ts";
import { BEFORE_BASIL } from "../stripe-account/unusual-accounts.ts";
import { named, type Owners, type Story } from "./story.ts";

export const CAPTURE_STORIES = {
  "partial-capture": {
    title: "1,500 of 2,500 authorized are captured: one movement",
    play: captureInPart,
  },
  "partial-capture-before-basil": {
    title: "As partial-capture, the old way: all of it moves, and the rest is refunded",
    options: BEFORE_BASIL,
    play: captureInPart,
  },
  "partial-capture-then-refund-of-the-same": {
    title: "The old partial capture, then a real refund of exactly what was released",
    options: BEFORE_BASIL,
    play(account, { ada }) {
      const payment = account.authorize({ amount: 2_500, metadata: named(ada) }).capture(1_500);
      account.later(DAY);
      payment.refund({ amount: 1_000 });
    },
  },
  overcapture: {
    title: "3,000 are captured of 2,500 authorized",
    play: (account, { ada }) =>
      void account.authorize({ amount: 2_500, metadata: named(ada) }).capture(3_000),
  },
  "authorization-canceled": {
    title: "An authorization is canceled: no money moved",
    play: cancel,
  },
  "authorization-canceled-before-basil": {
    title: "As authorization-canceled, the old way: a succeeded refund that moves nothing",
    options: BEFORE_BASIL,
    play: cancel,
  },
  "authorization-expired": {
    title: "Nobody captures an authorization in seven days: no money moved",
    play: expire,
  },
  "authorization-expired-before-basil": {
    title: "As authorization-expired, the old way: a succeeded refund that moves nothing",
    options: BEFORE_BASIL,
    play: expire,
  },
  "charge-without-intent-expired-before-basil": {
    title: "An authorized charge without an intent expires, the old way",
    options: BEFORE_BASIL,
    play(account, { ada }) {
      const payment = account.createCharge({ metadata: named(ada) }).authorize();
      account.later(7 * DAY);
      payment.expire();
    },
  },
} as const satisfies Readonly<Record<string, Story>>;

function captureInPart(account: StripeAccount, { ada }: Owners): void {
  const payment = account.authorize({ amount: 2_500, metadata: named(ada) });
  account.later(DAY);
  payment.capture(1_500);
}

function cancel(account: StripeAccount, { ada }: Owners): void {
  const payment = account.authorize({ metadata: named(ada) });
  account.later(DAY);
  payment.cancel();
}

function expire(account: StripeAccount, { ada }: Owners): void {
  const payment = account.authorize({ metadata: named(ada) });
  account.later(7 * DAY);
  payment.expire();
}
