import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ordered } from "../../../scripts/lib/ordered.ts";
import { Random } from "../../../scripts/lib/random.ts";
import type { StripeEventBody } from "../../../scripts/sandbox/events/stripe-events.ts";
import { STORIES, type StoryName } from "../../../scripts/sandbox/stories/stories.ts";
import { isProof } from "../../support/effort.ts";
import { beginHistory, endHistory } from "../../support/play-history.ts";
import { type Delivering, playStories, type StoryEnd } from "../../support/play-stories.ts";
import { askSandboxAsIs } from "../../support/scripted-ledger.ts";
import { canReportMoney } from "../../support/event-facts.ts";

/**
 * Every story of a Stripe account, through the Worker, in front of a ledger that works statement by
 * statement: in the end each account has what Stripe's balance transactions say, or lacks exactly what stands
 * before the operators; and what was ignored was ignored for a reason that is true.
 */

const random = new Random(1);
const NAMES = Object.keys(STORIES) as StoryName[];
/**
 * Its second withdrawal, if it is booked first, takes the funds that the first one needs, and the return
 * waits for the first one: insufficient-funds.test.ts.
 */
const DISORDERED = NAMES.filter((name) => name !== "dispute-won-then-lost");
/** In which the order of the events matters most. */
const SHUFFLED = DISORDERED.filter((name) => /then|part|before|without-intent/.test(name));

const ONCE = { times: 1, twins: false };
const reporting = (events: readonly StripeEventBody[]) => events.filter(canReportMoney);

/**
 * In the order in which Stripe sent them all events are delivered, and
 * otherwise those alone that can report money.
 */
const ORDERS: readonly [title: string, names: readonly StoryName[], delivering: Delivering][] = [
  ["as sent", NAMES, { ...ONCE, arrange: (events) => events }],
  ["backwards", DISORDERED, { ...ONCE, arrange: (events) => reporting(events).toReversed() }],
];
/** These too in `npm run test:proof`. */
const MORE_ORDERS: typeof ORDERS = [
  ["each event twice at once", NAMES, { ...ONCE, times: 2, arrange: reporting }],
  [
    "shuffled, with twins",
    SHUFFLED,
    { ...ONCE, twins: true, arrange: (events) => ordered(reporting(events), () => random.next()) },
  ],
];

/** What only an operator can decide: type and reason of its events. All other stories end without one. */
const VISIBLE: Partial<Record<StoryName, readonly string[]>> = {
  "payment-of-nobody": [
    "charge.dispute.created retry_horizon_reached",
    "charge.dispute.funds_withdrawn retry_horizon_reached",
    "payment_intent.succeeded account_missing",
    "refund.created retry_horizon_reached",
  ],
  "refund-of-cash-balance": [
    "refund.created refund_without_payment",
    "refund.updated refund_without_payment",
  ],
  "refund-at-old-endpoint": ["charge.refunded endpoint_version_too_old"],
  "refund-failed-at-old-endpoint": [
    "charge.refund.updated endpoint_version_too_old",
    "charge.refunded endpoint_version_too_old",
  ],
  "payout-negative": ["payout.paid amount_negative"],
};

describe.each(isProof ? [...ORDERS, ...MORE_ORDERS] : ORDERS)("%s", (_, names, delivering) => {
  let ends: ReadonlyMap<StoryName, StoryEnd>;
  beforeAll(async () => {
    beginHistory(askSandboxAsIs);
    ends = await playStories(names, delivering);
    endHistory();
  }, 300_000);
  // Also after a failure.
  afterAll(endHistory);

  test.each(names)("%s", (name) => {
    const { inLedger, byTransactions, failed, ...rest } = ends.get(name) as StoryEnd;
    expect({ inLedger, failed, ...rest }).toEqual({
      inLedger: byTransactions,
      failed: VISIBLE[name] ?? [],
      hidden: [],
      untrue: [],
    });
  });
});
