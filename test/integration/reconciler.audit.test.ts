import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Random } from "../../scripts/lib/random.ts";
import type { StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import { StripeAccount } from "../../scripts/sandbox/stripe-account/stripe-account.ts";
import { askReconciler } from "../../src/reconciler/call-reconciler.ts";
import type { Report } from "../../src/reconciler/report-schema.ts";
import {
  begin,
  deliverAll,
  differencesOf,
  found,
  HOUR,
  inReconciler,
  leaveNothing,
  listSome,
  MINUTE,
  newStripeAccount,
  pinAccount,
  publish,
  reconcile,
  scriptWorld,
  until,
  untilOver,
  valueOf,
  type World,
} from "../support/reconciler.ts";
import { askSandbox, newAccount, sandboxControl } from "../support/scripted-ledger.ts";
import { OWN_ACCOUNT, stripeError } from "../support/scripted-stripe.ts";
import { deliver, operator, showEvent } from "../support/worker.ts";

/** Stripe's money against the ledger's settlements, whatever the events say. */

let world: World;
let stripe: StripeAccount;
let ada: string;
beforeEach(async () => {
  world = scriptWorld();
  ada = await newAccount();
  stripe = newStripeAccount();
});
afterEach(leaveNothing);

const named = () => ({ metadata: { account_id: ada } });
const intentOf = (payment: { intent: string | null }) => String(payment.intent);

async function deliverEach(events: readonly StripeEventBody[] = stripe.events): Promise<void> {
  for (const event of events) await deliver(event, { atOnce: true });
}

/** A settlement that nobody but the ledger has heard of. */
async function bookByHand(fields: Record<string, unknown>): Promise<void> {
  const body = JSON.stringify({
    provider: "stripe",
    direction: "payin",
    status: "confirmed",
    account_id: ada,
    amount_minor: "100",
    currency: "USD",
    network: "stripe",
    metadata: {},
    settled_at: new Date(Date.now() - 10 * MINUTE).toISOString(),
    ...fields,
  });
  const url = "http://127.0.0.1:9/v1/payments/settlements/ingest";
  const key = `manual:${crypto.randomUUID()}`;
  const headers = { authorization: "Bearer test-ledger-admin-key", "idempotency-key": key };
  const { status } = await fetch(url, { method: "POST", headers, body });
  expect(status).toBe(201);
}

const rowsLeft = () =>
  inReconciler((_, { storage }) =>
    ["events", "transactions", "settlements"].map(
      (table) => storage.sql.exec(`SELECT count(*) AS n FROM walked_${table}`).one()["n"],
    ),
  );
const watermark = () => valueOf(askReconciler(env, (stub) => stub.watermark()));

const kindsOf = async (id: string) =>
  (await differencesOf(id))
    .map(({ kind, field, payment_id }) => [kind, field, payment_id].join(" ").trim())
    .sort();

describe("all kinds of money, all of it booked", () => {
  it("→ nothing is found, and each currency adds up: moved is booked and what is not the ledger's", async () => {
    const usd = stripe.pay({ amount: 10_000, ...named() });
    usd.refund({ amount: 1_000 });
    usd.refund({ amount: 500 }).fail();
    const disputed = stripe.pay({ amount: 4_000, currency: "eur", ...named() });
    disputed.dispute().win();
    stripe.pay({ amount: 3_000, currency: "gbp", conversion: { currency: "usd", rate: 1.25 }, ...named() });
    stripe.authorize({ amount: 2_500, ...named() }).capture(1_500);
    stripe.pay({ amount: 900, currency: "jpy", ...named() });
    stripe.payOut({ amount: 2_000, ...named() }).pay();
    stripe.payOut({ amount: 700, automatic: true }).pay();
    publish(world, stripe);
    await deliverEach();
    const report = await reconcile();
    expect(report.error).toBeNull();
    expect(found(report)).toEqual({ ignored: expect.any(Number) });
    expect(report.progress).toMatchObject({ transactions: stripe.transactions.length });
    for (const { currency, moved_minor, ...statement } of report.statements) {
      const its = stripe.transactions.filter((each) => each.currency.toUpperCase() === currency);
      expect(moved_minor).toBe(String(its.reduce((sum, { net }) => sum + net, 0)));
      expect(statement).toMatchObject({ open_minor: "0", unexplained_minor: "0", difference_minor: "0" });
    }
    expect(report.statements.map(({ currency }) => currency)).toEqual(["EUR", "JPY", "USD"]);
    const lines = report.statements[2]?.lines.map((line) => [line.class, line.amount_minor]);
    expect(lines).toEqual([
      ["payins", String(10_000 + 3_750 + 1_500)],
      ["payouts", "-2000"],
      ["refunds", "-1500"],
      ["refunds_returned", "500"],
      ["automatic_payouts", "-700"],
      ["fees_withheld", expect.stringMatching(/^-/)],
    ]);
    expect(await rowsLeft()).toEqual([0, 0, 0]);
  });

  it("a partial capture of old: a whole charge and its reversal are together the payin", async () => {
    const old = new StripeAccount({
      random: new Random(Date.now()),
      now: Date.now() - 40 * MINUTE,
      requestVersion: "2025-02-24.acacia",
    });
    old.authorize({ amount: 2_500, ...named() }).capture(1_500);
    stripe = old;
    publish(world, stripe);
    // Stripe's API would say that the refund is a release; here nobody asks.
    await deliverEach(old.events.filter(({ type }) => type === "payment_intent.succeeded"));
    const report = await reconcile({ dry_run: true });
    const money = report.statements[0]?.lines.map((line) => [line.part, line.class, line.amount_minor]);
    expect(money).toContainEqual(["booked", "payins", "2500"]);
    expect(money).toContainEqual(["booked", "released", "-1000"]);
    expect(report.statements[0]).toMatchObject({ unexplained_minor: "0", difference_minor: "0" });
  });
});

describe("money that is not in the ledger", () => {
  it("no event came → money_without_event, and its amount is unexplained", async () => {
    const lost = stripe.pay({ amount: 1_200, ...named() });
    stripe.pay({ amount: 300, ...named() });
    const never = stripe.events.filter(({ data }) => data.object["id"] === lost.intent);
    publish(world, stripe, never);
    await deliverEach(stripe.events.filter((event) => !never.includes(event)));
    const report = await reconcile();
    expect(await kindsOf(report.id)).toEqual([`money_without_event  ${lost.intent}`]);
    expect(report.statements[0]).toMatchObject({
      booked_minor: "300",
      unexplained_minor: "1200",
      difference_minor: "0",
    });
  });

  it("what is open at clawsettle is open here, and no finding of its own", async () => {
    const payment = stripe.pay({ amount: 800, currency: "chf", ...named() });
    publish(world, stripe);
    await deliverEach();
    const report = await reconcile();
    expect((await showEvent(stripe.lastEvent("payment_intent.succeeded").id)).body).toMatchObject({
      state: "failed",
      last_error: { code: "CURRENCY_NOT_SETTLED" },
    });
    expect(found(report)).toMatchObject({ failed: 1 });
    expect(report.counts).toMatchObject({ money_without_event: 0, money_not_booked: 0 });
    expect(report.statements[0]).toMatchObject({
      currency: "CHF",
      open_minor: "800",
      unexplained_minor: "0",
    });
    expect(payment.left).toBe(800);
  });

  it("a dry run → what is missing at clawsettle is open, and listed as missing alone", async () => {
    stripe.pay({ amount: 800, ...named() });
    publish(world, stripe);
    const report = await reconcile({ dry_run: true });
    // The charge's own event is one of them.
    expect(found(report)).toEqual({ missing: 2 });
    expect(report.statements[0]).toMatchObject({ open_minor: "800" });
  });

  it("its event was settled, and the ledger has nothing → money_not_booked", async () => {
    const payment = stripe.pay({ amount: 800, ...named() });
    publish(world, stripe);
    await deliverEach();
    const key = { external_payment_id: intentOf(payment), direction: "payin" };
    world.ledgerLists(() => Response.json({ settlements: [] }));
    world.ledgerSays((request) =>
      request.url.pathname.endsWith(intentOf(payment))
        ? Response.json({ error: "none", code: "NOT_FOUND" }, { status: 404 })
        : askSandbox(request),
    );
    const report = await reconcile();
    expect(await kindsOf(report.id)).toEqual([
      `money_not_booked  ${key.external_payment_id}`,
      `not_in_ledger  ${key.external_payment_id}`,
    ]);
  });

  it("a type of money that nobody knows → unknown_class", async () => {
    stripe.pay({ amount: 800, ...named() });
    publish(world, stripe);
    await deliverEach();
    world.stripe.transactions.push({
      ...stripe.transactions[0]!,
      id: "txn_new",
      type: "brand_new",
      source: null,
    } as never);
    const report = await reconcile();
    expect(await differencesOf(report.id)).toMatchObject([
      { kind: "unknown_class", transaction_id: "txn_new", reason: "type" },
    ]);
    expect(report.statements[0]).toMatchObject({ unexplained_minor: "800", difference_minor: "0" });
  });
});

describe("settlements that are not as Stripe's money is", () => {
  it.each([
    ["amount_minor", "1", "799"],
    ["currency", "EUR", "800"],
    ["status", "failed", "800"],
  ])("altered %s → booked_differently", async (field, value, unexplained) => {
    const payment = stripe.pay({ amount: 800, ...named() });
    publish(world, stripe);
    await deliverEach();
    const external_payment_id = intentOf(payment);
    const key = { external_payment_id, direction: "payin" };
    await sandboxControl("POST", "/sandbox/settlements/alter", { ...key, [field]: value });
    const report = await reconcile();
    expect(await kindsOf(report.id)).toEqual([
      `booked_differently ${field} ${external_payment_id}`,
      `mismatched ${field} ${external_payment_id}`,
    ]);
    expect(report.statements[0]).toMatchObject({ unexplained_minor: unexplained, difference_minor: "0" });
  });

  it("a refund on another account than its payment's → booked_differently", async () => {
    const payment = stripe.pay({ amount: 800, ...named() });
    const refund = payment.refund({ amount: 300 });
    publish(world, stripe);
    await deliverEach();
    const key = { external_payment_id: refund.id, direction: "refund" };
    await sandboxControl("POST", "/sandbox/settlements/alter", { ...key, account_id: "acc_other" });
    expect(await kindsOf((await reconcile()).id)).toContain(`booked_differently account_id ${refund.id}`);
  });

  it("a mapping that booked the cumulative amount of two refunds → found, although it agrees with itself", async () => {
    const payment = stripe.pay({ amount: 800, ...named() });
    payment.refund({ amount: 300 });
    const second = payment.refund({ amount: 100 });
    publish(world, stripe);
    const wrong = stripe.events.map((event) =>
      event.data.object["id"] === second.id
        ? { ...event, data: { object: { ...event.data.object, amount: 400 } } }
        : event,
    );
    world.stripe.events.splice(0, Infinity, ...wrong);
    await deliverEach(wrong);
    const report = await reconcile();
    expect(await kindsOf(report.id)).toEqual([`booked_differently amount_minor ${second.id}`]);
    expect(report.balanced).toBe(true);
    expect(report.statements[0]).toMatchObject({ unexplained_minor: "300", difference_minor: "0" });
  });

  it("booked a second time by hand, under other names of the same money → booked_twice, each", async () => {
    const payment = stripe.pay({ amount: 800, ...named() });
    const refund = payment.refund({ amount: 300 });
    publish(world, stripe);
    await deliverEach();
    const [charged, refunded] = stripe.transactions;
    await bookByHand({ external_payment_id: payment.charge, amount_minor: "800" });
    await bookByHand({ external_payment_id: refunded?.id, direction: "refund", amount_minor: "300" });
    await bookByHand({
      external_payment_id: "manual-1",
      amount_minor: "800",
      metadata: { stripe_balance_transaction: charged?.id },
    });
    const report = await reconcile();
    expect(await kindsOf(report.id)).toEqual(
      ["manual-1", payment.charge, String(refunded?.id)].map((id) => `booked_twice  ${id}`).sort(),
    );
    expect(refund.amount).toBe(300);
  });

  it("invented at the ledger → orphan, also the return of a refund that never came back; without effect → so", async () => {
    const payment = stripe.pay({ amount: 800, ...named() });
    const refund = payment.refund({ amount: 300 });
    publish(world, stripe);
    await deliverEach();
    await bookByHand({ external_payment_id: "pi_invented", amount_minor: "5" });
    await bookByHand({ external_payment_id: refund.id, amount_minor: "300" });
    world.ledgerLists(async (request) => {
      const { settlements } = await (
        await askSandbox(request)
      ).json<{ settlements: Record<string, unknown>[] }>();
      const own = settlements.filter(({ account_id }) => account_id === ada);
      const without = (each: Record<string, unknown>) =>
        each["external_payment_id"] === payment.intent ? { ...each, latest_event_id: undefined } : each;
      return Response.json({ settlements: own.map(without) });
    });
    expect(await kindsOf((await reconcile()).id)).toEqual(
      [`orphan  ${refund.id}`, "orphan  pi_invented", `without_effect  ${payment.intent}`].sort(),
    );
  });

  it("settled before the window, with its money in it, and the other way round → nothing", async () => {
    stripe.pay({ amount: 800, ...named() });
    publish(world, stripe);
    await deliverEach();
    const [transaction] = stripe.transactions;
    const at = (transaction?.created ?? 0) * 1_000;
    expect(found(await reconcile({ from: at }))).toEqual({});
    expect(found(await reconcile({ from: at - HOUR / 2, to: at }))).toEqual({ ignored: 1 });
  });
});

describe("many transactions", () => {
  const payments = async (count: number) => {
    for (let i = 0; i < count; i++) stripe.pay({ amount: 100 + i, ...named() });
    publish(world, stripe);
    await deliverAll(stripe.events.filter(({ type }) => type === "payment_intent.succeeded"));
  };
  const expectAll = (report: Report, count: number) => {
    expect([report.status, report.progress.transactions]).toEqual(["complete", count]);
    const [statement] = report.statements;
    expect(statement).toMatchObject({ unexplained_minor: "0", difference_minor: "0", open_minor: "0" });
    expect(statement?.lines[0]).toMatchObject({ class: "payins", count });
    expect(report.counts).toMatchObject({ money_not_booked: 0, money_without_event: 0, orphan: 0 });
  };

  it("page by page, with an outage in between → each counts once", async () => {
    await payments(230);
    world.stripe.moneyFault = (n) => (n === 4 ? stripeError(500) : null);
    const id = await begin({ dry_run: true });
    const { progress } = await until(id, ({ progress: { phase } }) => phase === "backing_off");
    expect(progress).toMatchObject({ transactions: 100, last_failure: "stripe_unavailable" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(progress.next_try_at ?? "") });
    expectAll(await untilOver(id), 230);
  });

  it.each(["transactions", "settlements", "comparisons"])(
    "the object is cut off in the middle of the %s → goes on from there, and each counts once",
    async (where) => {
      await payments(120);
      const state = await inReconciler((_, its) => its);
      let cutOffs = 0;
      const cutOff = () => {
        if (cutOffs++ === 0) state.abort("Instance dispose");
        return null;
      };
      if (where === "transactions") world.stripe.moneyFault = (n) => (n === 4 ? cutOff() : null);
      else {
        let asked = 0;
        world.ledgerLists((request) => {
          if (where === "settlements") cutOff();
          return where === "comparisons"
            ? Response.json({ settlements: [] })
            : listSome(request, ({ account_id }) => account_id === ada);
        });
        world.ledgerSays((request) => {
          if (where === "comparisons" && request.method === "GET" && ++asked > 150) cutOff();
          return askSandbox(request);
        });
      }
      expectAll(await reconcile({ dry_run: true }), 120);
      expect(cutOffs).toBeGreaterThan(0);
    },
  );

  it("cancelled in the middle → what was found stays, and nothing that was walked", async () => {
    await payments(120);
    const id = await begin({ dry_run: true });
    await until(id, ({ progress: { transactions } }) => transactions > 0);
    await valueOf(askReconciler(env, (stub) => stub.cancel(id)));
    expect((await untilOver(id)).progress.transactions).toBeGreaterThan(0);
    expect(await rowsLeft()).toEqual([0, 0, 0]);
  });
});

describe("whose money it is", () => {
  const OTHER = { id: "acct_other", livemode: false };

  it("nobody has said so → an operator's own run pins it; a dry run does not", async () => {
    await reconcile({ dry_run: true });
    expect(await watermark()).toMatchObject({ account: null });
    expect(await reconcile()).toMatchObject({ account: OWN_ACCOUNT, account_pinned: true });
    expect(await watermark()).toMatchObject({ account: { ...OWN_ACCOUNT, actor: "ana" } });
  });

  it("a key of another account → one clear error, and nothing is delivered, listed or compared", async () => {
    await pinAccount();
    stripe.pay({ amount: 800, ...named() });
    publish(world, stripe);
    world.stripe.account = OTHER;
    const report = await reconcile();
    expect(report).toMatchObject({
      status: "failed",
      error: { code: "OTHER_STRIPE_ACCOUNT" },
      account: OTHER,
      account_pinned: false,
      progress: { pages: 0, events: 0, transactions: 0 },
    });
    expect(world.stripe.questions).toEqual([]);
  });

  it("a key of the other mode → LIVEMODE_MISMATCH; of another account, put in the middle of a run → as before", async () => {
    world.stripe.account = { ...OWN_ACCOUNT, livemode: true };
    expect(await reconcile()).toMatchObject({ status: "failed", error: { code: "LIVEMODE_MISMATCH" } });
    world.stripe.account = OWN_ACCOUNT;
    for (let i = 0; i < 60; i++) stripe.pay({ amount: 100, ...named() });
    publish(world, stripe);
    const state = await inReconciler((_, its) => its);
    world.stripe.fault = (n) => {
      // The deployment of another key starts a new instance of the object.
      if (n === 2) {
        world.stripe.account = OTHER;
        state.abort("Instance dispose");
      }
      return null;
    };
    const report = await reconcile({ dry_run: true });
    expect(report).toMatchObject({
      status: "failed",
      error: { code: "OTHER_STRIPE_ACCOUNT" },
      progress: { pages: 1 },
    });
  });

  it.each([
    [401, "STRIPE_UNAUTHORIZED"],
    [403, "STRIPE_UNAUTHORIZED"],
  ])("%i to the first question, or to the transactions → %s", async (status, code) => {
    world.stripe.moneyFault = () => stripeError(status);
    expect(await reconcile()).toMatchObject({ status: "failed", error: { code }, progress: { pages: 0 } });
    world.stripe.moneyFault = (_, { pathname }) =>
      pathname === "/v1/balance_transactions" ? stripeError(status) : null;
    expect(await reconcile()).toMatchObject({ status: "failed", error: { code }, progress: { pages: 1 } });
  });

  it("a dry run, confirmed → its account is pinned; what is no dry run, or of another account, is refused", async () => {
    const dry = await reconcile({ dry_run: true });
    const confirm = (id: string) =>
      operator("POST", `/v1/admin/reconciliations/${id}/confirm`, { actor: "ben" });
    expect((await confirm(`rec_${"0".repeat(32)}`)).status).toBe(404);
    expect(await confirm(dry.id)).toMatchObject({ status: 200, body: { id: dry.id, account: OWN_ACCOUNT } });
    expect(await watermark()).toMatchObject({ account: { ...OWN_ACCOUNT, actor: "ben" } });
    expect((await confirm(dry.id)).status).toBe(200);
    const real = await reconcile();
    expect(await confirm(real.id)).toMatchObject({ status: 409, body: { code: "INVALID_STATE" } });
    await pinAccount(OTHER);
    expect(await confirm(dry.id)).toMatchObject({ status: 409, body: { code: "INVALID_STATE" } });
  });
});
