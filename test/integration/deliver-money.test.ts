import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StripeAccount } from "../../scripts/sandbox/stripe-account/stripe-account.ts";
import {
  differencesOf,
  found,
  leaveNothing,
  newStripeAccount,
  pinAccount,
  publish,
  reconcile,
  scriptWorld,
  type World,
} from "../support/reconciler.ts";
import { askSandbox, availableOf, newAccount } from "../support/scripted-ledger.ts";
import { OWN_ACCOUNT, stripeError } from "../support/scripted-stripe.ts";
import { type Answer, deliver, operator, showEvent } from "../support/worker.ts";

/** An operator has money booked of which Stripe made no event: whatever else happens, it is booked once. */

const RUNS = "/v1/admin/reconciliations";

let world: World;
let stripe: StripeAccount;
let ada: string;
beforeEach(async () => {
  world = scriptWorld();
  ada = await newAccount();
  stripe = newStripeAccount();
  await pinAccount();
});
afterEach(leaveNothing);

const named = () => ({ metadata: { account_id: ada } });

/**
 * What `act` makes happen, of which Stripe makes no event; what came before arrives. The run that finds it.
 */
async function unreported(act: () => void): Promise<string> {
  const before = [...stripe.events];
  for (const event of before) await deliver(event, { atOnce: true });
  act();
  publish(world, stripe, stripe.events.slice(before.length));
  return (await reconcile()).id;
}

async function finding(run: string) {
  const [only, ...others] = await differencesOf(run, "money_without_event");
  expect(others).toEqual([]);
  return { ...only!, key: `${only!.transaction_id}.money_without_event.` };
}

const send = (run: string, key: string, more: object = {}): Promise<Answer> =>
  operator("POST", `${RUNS}/${run}/deliver`, {
    key,
    actor: "ana",
    note: "seen in Stripe's dashboard",
    dry_run: false,
    ...more,
  });

describe("money without an event", () => {
  it.each<[string, () => () => void, string]>([
    ["a payment", () => () => void stripe.pay({ amount: 800, ...named() }), "800"],
    [
      "a charge without an intent",
      () => () => void stripe.createCharge({ amount: 800, ...named() }).succeed(),
      "800",
    ],
    [
      "a refund",
      () => {
        const payment = stripe.pay({ amount: 800, ...named() });
        return () => void payment.refund({ amount: 300 });
      },
      "500",
    ],
    [
      "a refund that came back",
      () => {
        const refund = stripe.pay({ amount: 800, ...named() }).refund({ amount: 300 });
        return () => void refund.fail();
      },
      "800",
    ],
    [
      "a dispute",
      () => {
        const payment = stripe.pay({ amount: 800, ...named() });
        return () => void payment.dispute();
      },
      "0",
    ],
    [
      "a dispute that was won",
      () => {
        const dispute = stripe.pay({ amount: 800, ...named() }).dispute();
        return () => void dispute.win();
      },
      "800",
    ],
    ["a payout", () => () => void stripe.payOut({ amount: 500, ...named() }).pay(), "0"],
  ])(
    "%s → shown, then sent, marked as an operator's; the next run finds nothing",
    async (_, prepare, left) => {
      const run = await unreported(prepare());
      const { key, transaction_id, payment_id } = await finding(run);
      const shown = await send(run, key, { dry_run: true });
      expect(shown).toMatchObject({
        status: 200,
        body: {
          event_id: `evt_audit_${transaction_id}`,
          transaction_id,
          settlement: { external_payment_id: payment_id },
          event: null,
        },
      });
      expect((await showEvent(shown.body.event_id)).status).toBe(404);
      const { body } = await send(run, key);
      expect(body.event).toMatchObject({
        state: "forwarded",
        operator_actions: [{ action: "deliver", actor: "ana", note: "seen in Stripe's dashboard" }],
        attempt_log: [{ trigger: "audit", outcome: "accepted" }],
        evidence: { signing_secret: "operator" },
      });
      expect(await availableOf(ada)).toBe(left);
      expect(found(await reconcile())).not.toHaveProperty("money_without_event");
    },
  );
});

describe("booked once", () => {
  /** A payment of 800, and the event that Stripe makes of it after all. */
  async function lateEvent() {
    const run = await unreported(() => void stripe.pay({ amount: 800, ...named() }));
    return { run, key: (await finding(run)).key, event: stripe.lastEvent("payment_intent.succeeded") };
  }
  const bookings = async () => [await availableOf(ada), (await reconcile()).counts.booked_twice];

  it("Stripe's own event comes later → it is forwarded, and nothing more is booked", async () => {
    const { run, key, event } = await lateEvent();
    await send(run, key);
    expect((await deliver(event)).body).toMatchObject({ state: "forwarded", deduped: false });
    expect(await bookings()).toEqual(["800", 0]);
  });

  it("Stripe's own event came before → as well", async () => {
    const { run, key, event } = await lateEvent();
    await deliver(event);
    expect((await send(run, key)).body.event.state).toBe("forwarded");
    expect(await bookings()).toEqual(["800", 0]);
  });

  it("both at the same moment, several times over → as well", async () => {
    const { run, key, event } = await lateEvent();
    const sent = [send(run, key), deliver(event), send(run, key), deliver(event), send(run, key)];
    for (const { status } of await Promise.all(sent)) expect(status).toBe(200);
    expect(await bookings()).toEqual(["800", 0]);
  });

  it("sent twice → one event, and the first operator's name", async () => {
    const { run, key } = await lateEvent();
    await send(run, key);
    const { body } = await send(run, key, { actor: "ben" });
    expect(body.event).toMatchObject({ deliveries: 2, attempts: 1, operator_actions: [{ actor: "ana" }] });
    expect(await bookings()).toEqual(["800", 0]);
  });

  it("the event's object is cut off after the ledger has booked it → sent again, booked once", async () => {
    const { run, key } = await lateEvent();
    const name = `evt_audit_${key.split(".")[0]}`;
    let cutOff = false;
    world.ledgerSays(async (request) => {
      const answer = await askSandbox(request);
      if (request.method === "POST" && !cutOff) {
        cutOff = true;
        const stub = env.STRIPE_EVENT.getByName(name);
        await runInDurableObject(stub, (_, state) => state.abort("Instance dispose")).catch(() => undefined);
      }
      return answer;
    });
    await send(run, key);
    await vi.waitFor(async () => expect((await send(run, key)).body.event?.state).toBe("forwarded"), {
      timeout: 20_000,
      interval: 500,
    });
    expect(cutOff).toBe(true);
    expect(await bookings()).toEqual(["800", 0]);
  });

  it("Stripe's own event names another account by then → it stands before an operator, and nothing more is booked", async () => {
    const { run, key, event } = await lateEvent();
    await send(run, key);
    const bob = await newAccount();
    const object = { ...event.data.object, metadata: { account_id: bob } };
    await deliver({ ...event, data: { object } });
    expect((await showEvent(event.id)).body).toMatchObject({
      state: "failed",
      last_error: { ledger_code: "DUPLICATE_CONFLICT" },
    });
    expect([await availableOf(bob), ...(await bookings())]).toEqual(["0", "800", 0]);
  });
});

describe("refused, and nothing is sent", () => {
  const sentNothing = () =>
    expect(world.ledger.requests.filter(({ method }) => method === "POST")).toEqual([]);

  it("the object is not as the money says any more → 409", async () => {
    const payment = stripe.pay({ amount: 800, ...named() });
    let refund: { fail(): unknown } | null = null;
    const run = await unreported(() => void (refund = payment.refund({ amount: 300 })));
    const { key } = await finding(run);
    refund!.fail();
    publish(world, stripe);
    const posted = world.ledger.requests.length;
    const answer = await send(run, key);
    expect(answer).toMatchObject({ status: 409, body: { code: "INVALID_STATE" } });
    expect(world.ledger.requests.slice(posted).filter(({ method }) => method === "POST")).toEqual([]);
  });

  it.each([
    [500, 502, "STRIPE_UNAVAILABLE"],
    [403, 502, "STRIPE_UNAVAILABLE"],
    [404, 409, "INVALID_STATE"],
  ])("Stripe answers %i → %i %s", async (fault, status, code) => {
    const run = await unreported(() => void stripe.pay({ amount: 800, ...named() }));
    const { key } = await finding(run);
    world.stripe.moneyFault = () =>
      stripeError(fault, fault === 404 ? { type: "invalid_request_error", code: "resource_missing" } : {});
    expect(await send(run, key)).toMatchObject({ status, body: { code } });
    sentNothing();
  });

  it("another kind of difference, no such difference, an account that nobody has confirmed → 409, 404, 409", async () => {
    const run = await unreported(() => void stripe.pay({ amount: 800, ...named() }));
    const { key, transaction_id } = await finding(run);
    world.stripe.transactions.push({ ...stripe.transactions[0]!, id: "txn_new", type: "new" } as never);
    const other = (await reconcile()).id;
    expect((await send(other, "txn_new.unknown_class.")).status).toBe(409);
    expect((await send(run, `${transaction_id}.orphan.`)).status).toBe(404);
    await pinAccount({ ...OWN_ACCOUNT, id: "acct_other" });
    expect((await send(run, key)).status).toBe(409);
    sentNothing();
  });
});
