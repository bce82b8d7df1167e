import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Random } from "../../scripts/lib/random.ts";
import { StripeAccount } from "../../scripts/sandbox/stripe-account/stripe-account.ts";
import { askReconciler } from "../../src/reconciler/call-reconciler.ts";
import {
  ask,
  begin,
  configure,
  differencesOf,
  found,
  leaveNothing,
  MINUTE,
  pinAccount,
  reconcile,
  scriptWorld,
  show,
  step,
  untilAllOver,
  untilOver,
  valueOf,
  type World,
} from "../support/reconciler.ts";
import { availableOf, newAccount } from "../support/scripted-ledger.ts";
import { stripeError } from "../support/scripted-stripe.ts";
import { deliver, runCron, showEvent, storedRecord } from "../support/worker.ts";

/** Connected accounts: each has a run and a watermark of its own. */

const [ONE, TWO, AWAY] = ["acct_one", "acct_two", "acct_away"] as const;
const SETTINGS = {
  STRIPE_API_KEY: "rk_test_reconciler",
  STRIPE_CONNECTED_ACCOUNTS: [ONE, TWO, AWAY].join(),
};

let world: World;
let ada: string;
beforeEach(async () => {
  world = scriptWorld();
  ada = await newAccount();
  await configure(SETTINGS);
  await pinAccount();
});
afterEach(leaveNothing);

/** Of a connected account, or of the platform. Stripe lists and delivers what happens there. */
function stripeAccount(account: string | null, now = Date.now() - 30 * MINUTE): StripeAccount {
  const random = new Random(Math.floor(Math.random() * 1e9));
  return new StripeAccount({ random, now, ...(account !== null && { account }) });
}

function publish(...accounts: StripeAccount[]): void {
  for (const each of accounts) {
    world.stripe.events.push(...each.events);
    for (const transaction of each.transactions) {
      const source = each.object(transaction.source);
      world.stripe.transactions.push({ ...transaction, source, account: each.account ?? undefined });
    }
  }
}

async function arrive(...accounts: StripeAccount[]): Promise<void> {
  for (const event of accounts.flatMap(({ events }) => events)) {
    await deliver(event, { atOnce: true, env: SETTINGS });
  }
}

const paid = (account: string | null, amount: number, now?: number) => {
  const at = stripeAccount(account, now);
  const { intent } = at.pay({ amount, metadata: { account_id: ada } });
  return { at, intent: String(intent), event: at.lastEvent("payment_intent.succeeded") };
};
const watermark = () => valueOf(askReconciler(env, (stub) => stub.watermark()));
const iso = (at: number) => new Date(at).toISOString();

describe("three connected accounts by the hour", () => {
  const T0 = Date.UTC(2027, 3, 1, 12);

  async function cronAt(at: number): Promise<void> {
    vi.useFakeTimers({ toFake: ["Date"], now: at });
    await runCron(SETTINGS);
    await untilAllOver();
  }

  it.each([403, 401, 404])(
    "one answers %i → the others' watermarks and the platform's move; its own stands, and says why",
    async (status) => {
      await cronAt(T0);
      const lost = [null, ONE, TWO, AWAY].map((account) => paid(account, 1_000, T0 + MINUTE));
      publish(...lost.map(({ at }) => at));
      const refuse = (_: number, __: URL, account: string | null) =>
        account === AWAY ? stripeError(status, { type: "invalid_request_error" }) : null;
      Object.assign(world.stripe, { fault: refuse, moneyFault: refuse });
      await cronAt(T0 + 70 * MINUTE);
      const moved = { complete_up_to: iso(T0 + 60 * MINUTE), last_run: { status: "complete" } };
      expect(await watermark()).toMatchObject({
        ...moved,
        connected_accounts: [
          { stripe_account: ONE, ...moved },
          { stripe_account: TWO, ...moved },
          {
            stripe_account: AWAY,
            complete_up_to: iso(T0),
            last_run: { status: "failed", error: "connected_account_refused" },
          },
        ],
      });
      const states = await Promise.all(lost.map(({ event }) => storedRecord(event.id)));
      expect(states.map((record) => record?.state)).toEqual([
        "forwarded",
        "forwarded",
        "forwarded",
        undefined,
      ]);
      expect(states.map((record) => record?.account)).toEqual([undefined, ONE, TWO, undefined]);
      Object.assign(world.stripe, { fault: null, moneyFault: null });
      await cronAt(T0 + 140 * MINUTE);
      expect((await watermark()).connected_accounts[2]).toMatchObject({
        complete_up_to: iso(T0 + 130 * MINUTE),
        last_run: { status: "complete", error: null },
      });
      expect(await availableOf(ada)).toBe("4000");
    },
  );

  it("one is not listed any more, and comes back → its watermark begins anew, and what came meanwhile stays out", async () => {
    await cronAt(T0);
    await configure({ ...SETTINGS, STRIPE_CONNECTED_ACCOUNTS: ONE });
    await cronAt(T0 + 70 * MINUTE);
    expect((await watermark()).connected_accounts.map((each) => each.stripe_account)).toEqual([ONE]);
    const meanwhile = paid(TWO, 500, T0 + 80 * MINUTE);
    publish(meanwhile.at);
    await configure(SETTINGS);
    await cronAt(T0 + 140 * MINUTE);
    await cronAt(T0 + 210 * MINUTE);
    expect((await watermark()).connected_accounts[1]).toMatchObject({
      since: iso(T0 + 140 * MINUTE),
      complete_up_to: iso(T0 + 200 * MINUTE),
    });
    expect(await storedRecord(meanwhile.event.id)).toBeUndefined();
  });
});

describe("one account's runs and another's", () => {
  it("one waits for Stripe → another account's run overtakes it; a second run of the same account does not", async () => {
    const fault = (_: number, __: URL, account: string | null) =>
      account === AWAY ? stripeError(500) : null;
    Object.assign(world.stripe, { fault, moneyFault: fault });
    const waiting = await begin({ stripe_account: AWAY });
    await step();
    const behind = await begin({ stripe_account: AWAY });
    const other = await begin({ stripe_account: ONE });
    expect(await untilOver(other)).toMatchObject({ status: "complete", stripe_account: ONE });
    expect((await show(waiting)).progress).toMatchObject({
      phase: "backing_off",
      last_failure: "stripe_unavailable",
    });
    expect((await show(behind)).progress.phase).toBe("waiting");
  });

  it("two in the middle of their audits → each compares its own money alone", async () => {
    const [own, connected] = [paid(null, 1_000), paid(ONE, 2_000)];
    publish(own.at, connected.at);
    await arrive(own.at, connected.at);
    // The platform's run waits for its balance transactions; meanwhile the other walks its own.
    let isAway = true;
    world.stripe.moneyFault = (_, { pathname }, account) =>
      isAway && account === null && pathname === "/v1/balance_transactions" ? stripeError(429) : null;
    const first = await begin();
    while ((await show(first)).progress.last_failure === null) await step();
    const second = await reconcile({ stripe_account: ONE });
    isAway = false;
    const reports = [await untilOver(first), second];
    for (const [n, report] of reports.entries()) {
      expect(found(report)).toEqual({ ignored: expect.any(Number) });
      expect(report.statements).toMatchObject([{ currency: "USD", unexplained_minor: "0" }]);
      expect(report.statements[0]?.lines[0]).toMatchObject({ amount_minor: n === 0 ? "1000" : "2000" });
    }
  });

  it("one that is not listed → refused; one that is no longer → its run ends, and says so", async () => {
    expect(await ask({ stripe_account: "acct_stranger" })).toEqual({ kind: "account_not_listed" });
    world.stripe.moneyFault = () => stripeError(500);
    const id = await begin({ stripe_account: TWO });
    await configure({ ...SETTINGS, STRIPE_CONNECTED_ACCOUNTS: ONE });
    expect(await untilOver(id)).toMatchObject({ status: "failed", error: { code: "NOT_CONFIGURED" } });
  });

  it("a proxy drops the header → the platform's events are not taken for the account's", async () => {
    const own = paid(null, 700);
    publish(own.at);
    const answer = world.stripe.answer.bind(world.stripe);
    world.stripe.answer = (request) => answer({ ...request, stripeAccount: null });
    const id = await begin({ stripe_account: ONE });
    for (let tries = 0; tries < 3; tries++) await step();
    expect((await show(id)).progress).toMatchObject({ events: 0, last_failure: "stripe_unavailable" });
    expect(await storedRecord(own.event.id)).toBeUndefined();
  });
});

describe("an event of a connected account", () => {
  it("never came → delivered as a live one: with its account, and its settlement names it", async () => {
    const { at, event } = paid(ONE, 900);
    publish(at);
    // Asked as the account itself, Stripe may leave out whose event it is.
    world.stripe.fault = () => {
      const data = at.events.toReversed().map((each) => Object.assign({}, each, { account: undefined }));
      return Response.json({ object: "list", data, has_more: false });
    };
    expect(found(await reconcile({ stripe_account: ONE }))).toMatchObject({ backfilled: expect.any(Number) });
    const { body } = await showEvent(event.id);
    expect(body).toMatchObject({
      stripe_account: ONE,
      state: "forwarded",
      settlement: { metadata: { stripe_account: ONE } },
    });
    expect(await availableOf(ada)).toBe("900");
  });
});

describe("settlements without money", () => {
  const orphans = async (stripe_account?: string) => {
    const { id } = await reconcile({ dry_run: true, ...(stripe_account && { stripe_account }) });
    return (await differencesOf(id, "orphan")).map(({ payment_id }) => payment_id).sort();
  };

  it("each is looked for in the run of the account that it names; of one that is not listed, in the platform's", async () => {
    const [own, connected] = [paid(null, 1_000), paid(ONE, 2_000)];
    publish(own.at, connected.at);
    await arrive(own.at, connected.at);
    for (const [id, metadata] of [
      ["pi_invented_own", {}],
      ["pi_invented_one", { stripe_account: ONE }],
      ["pi_invented_stranger", { stripe_account: "acct_stranger" }],
    ] as const) {
      const body = JSON.stringify({
        provider: "stripe",
        external_payment_id: id,
        direction: "payin",
        status: "confirmed",
        account_id: ada,
        amount_minor: "100",
        currency: "USD",
        network: "stripe",
        metadata,
        settled_at: iso(Date.now() - 10 * MINUTE),
      });
      const headers = { authorization: "Bearer test-ledger-admin-key", "idempotency-key": id };
      const url = "http://127.0.0.1:9/v1/payments/settlements/ingest";
      expect((await fetch(url, { method: "POST", headers, body })).status).toBe(201);
    }
    expect(await orphans()).toEqual(["pi_invented_own", "pi_invented_stranger"]);
    expect(await orphans(ONE)).toEqual(["pi_invented_one"]);
    expect(await orphans(TWO)).toEqual([]);
  });
});
