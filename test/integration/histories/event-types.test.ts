import { beforeEach, describe, expect, it } from "vitest";
import { paymentIntentSucceeded, stripeEvent } from "../../../scripts/sandbox/events/stripe-events.ts";
import type { StripeObject } from "../../../scripts/sandbox/events/stripe-objects.ts";
import { stripeId } from "../../../scripts/sandbox/events/stripe-ids.ts";
import { newAccount } from "../../support/scripted-ledger.ts";
import { outcomeOf, REFUND_MODES, refundsReportedBy, prepareHistories } from "../../support/play-history.ts";
import { STRIPE_EVENT_TYPES } from "../../support/stripe-event-types.ts";
import { deliver } from "../../support/worker.ts";

/** Whatever type an endpoint is subscribed to, no event is answered with an error that Stripe would retry for days. */

prepareHistories();

/** Kept by hand, apart from the table, so that a slip in the table shows. */
const MONEY_TYPES = {
  both: [
    "payment_intent.succeeded",
    "payment_intent.canceled",
    "refund.failed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "payout.paid",
    "payout.failed",
    "payout.canceled",
  ],
  charge: ["charge.refunded"],
  refund: ["refund.created", "refund.updated"],
};
const FINDS_ACCOUNT_BY_LOOKUP = /^(refund\.|charge\.refunded|charge\.dispute\.funds_)/;

let account: string;
beforeEach(async () => {
  account = await newAccount();
  await deliver(paymentIntentSucceeded({ account_id: account, amount: 1_000_000 }));
});

/** All that any row reads. */
const complete = (fields: object) => ({
  id: stripeId("x"),
  amount: 100,
  amount_received: 100,
  amount_refunded: 100,
  currency: "usd",
  status: "succeeded",
  payment_intent: stripeId("pi"),
  ...fields,
});

it("the package names its types", () => {
  expect(STRIPE_EVENT_TYPES.length).toBeGreaterThan(260);
});

describe.each(REFUND_MODES)("refunds reported by %s events", (mode) => {
  const options = refundsReportedBy(mode);
  const money = [...MONEY_TYPES.both, ...MONEY_TYPES[mode]].sort();

  /** Which types had which outcome. The reason to ignore is the unit tests' matter. */
  async function outcomes(types: readonly string[], objectOf: () => object) {
    const answers: Record<string, string[]> = {};
    for (const together of inGroupsOf(20, types)) {
      const answered = together.map(async (type) => {
        const event = stripeEvent(type, objectOf() as StripeObject);
        const outcome = outcomeOf(await deliver(event, options)).replace(/(ignored|failed) .+/, "$1");
        (answers[outcome] ??= []).push(type);
      });
      await Promise.all(answered);
    }
    return Object.fromEntries(Object.entries(answers).map(([outcome, of]) => [outcome, of.sort()]));
  }

  it("every type, complete → money types forwarded, all others ignored", async () => {
    const others = STRIPE_EVENT_TYPES.filter((type) => !money.includes(type)).sort();
    expect(await outcomes(STRIPE_EVENT_TYPES, () => complete({ metadata: { account_id: account } }))).toEqual(
      {
        "200 forwarded": money,
        "200 ignored": others,
      },
    );
  });

  it("every money type, without an account → waits for its payment, or is visible, or moved no money", async () => {
    const lookups = money.filter((type) => FINDS_ACCOUNT_BY_LOOKUP.test(type));
    const visible = ["payment_intent.succeeded", "payout.canceled", "payout.failed", "payout.paid"];
    expect(await outcomes(money, () => complete({ metadata: {} }))).toEqual({
      "502 404 ACCOUNT_NOT_RESOLVED, will retry": lookups,
      "200 failed": visible,
      "200 ignored": ["payment_intent.canceled"],
    });
  });

  it("every money type, with an empty object → 200, visible or ignored", async () => {
    const found = Object.keys(await outcomes(money, () => ({})));
    expect(found.sort()).toEqual(["200 failed", "200 ignored"]);
  });

  it.each([
    "payment_intent.teleported",
    "charge.dispute.funds_evaporated",
    "tomorrow",
    "constructor",
    "__proto__",
  ])("a type of tomorrow, %s → 200, ignored with a reason", async (type) => {
    const event = stripeEvent(type, complete({ metadata: { account_id: account } }));
    expect(outcomeOf(await deliver(event, options))).toBe("200 ignored not_a_settlement_event");
  });
});

function inGroupsOf<T>(size: number, items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
