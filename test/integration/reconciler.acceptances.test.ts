import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Random } from "../../scripts/lib/random.ts";
import { StripeAccount } from "../../scripts/sandbox/stripe-account/stripe-account.ts";
import { askReconciler } from "../../src/reconciler/call-reconciler.ts";
import type { ListedDifference } from "../../src/reconciler/report-schema.ts";
import {
  DAY,
  deliverAll,
  found,
  HOUR,
  inReconciler,
  leaveNothing,
  MINUTE,
  newStripeAccount,
  payments,
  pinAccount,
  publish,
  reconcile,
  scriptWorld,
  untilAllOver,
  valueOf,
  type World,
} from "../support/reconciler.ts";
import { newAccount, sandboxControl } from "../support/scripted-ledger.ts";
import { deliver, operator, runCron } from "../support/worker.ts";

/** What an operator accepts does not come back as a finding. */

const RUNS = "/v1/admin/reconciliations";
const KEY = { STRIPE_API_KEY: "rk_test_reconciler" };

let world: World;
let stripe: StripeAccount;
let ada: string;
beforeEach(async () => {
  world = scriptWorld();
  ada = await newAccount();
  stripe = newStripeAccount();
});
afterEach(leaveNothing);

/** A payment, whose event Stripe does not list. */
function unreported(amount: number): string {
  const { intent } = stripe.pay({ amount, metadata: { account_id: ada } });
  publish(world, stripe, stripe.events);
  return String(intent);
}

/** A payment of 800, whose settlement holds another amount. */
async function bookedAs(amount_minor: string): Promise<string> {
  const { intent } = stripe.pay({ amount: 800, metadata: { account_id: ada } });
  publish(world, stripe);
  for (const event of stripe.events) await deliver(event, { atOnce: true });
  await alter(String(intent), amount_minor);
  return String(intent);
}

const alter = (external_payment_id: string, amount_minor: string) =>
  sandboxControl("POST", "/sandbox/settlements/alter", {
    external_payment_id,
    direction: "payin",
    amount_minor,
  });

async function listOf(id: string): Promise<ListedDifference[]> {
  return (await operator("GET", `${RUNS}/${id}`)).body.differences;
}

const accept = (id: string, { key }: { key: string }, more: object = {}) =>
  operator("POST", `${RUNS}/${id}/accept`, { key, actor: "ana", note: "refunded in cash", ...more });

async function acceptAll(id: string): Promise<void> {
  for (const difference of await listOf(id)) expect((await accept(id, difference)).status).toBe(200);
}

const watermark = () => valueOf(askReconciler(env, (stub) => stub.watermark()));

describe("POST …/{id}/accept", () => {
  it("accepted → the run says so; the next counts it apart, and its money is a part of the sum of its own", async () => {
    const intent = unreported(1_200);
    const first = await reconcile();
    const [difference] = await listOf(first.id);
    expect(difference).toMatchObject({ kind: "money_without_event", payment_id: intent, accepted: null });
    const answer = await accept(first.id, difference!);
    expect(answer.body).toMatchObject({ kind: "money_without_event", accepted: { actor: "ana" } });
    expect(await listOf(first.id)).toEqual([answer.body]);

    const next = await reconcile();
    expect(found(next)).toEqual({});
    expect(next).toMatchObject({ accepted: { money_without_event: 1 }, differences_truncated: false });
    expect(next.statements[0]).toMatchObject({
      accepted_minor: "1200",
      unexplained_minor: "0",
      difference_minor: "0",
    });
    expect(next.statements[0]?.lines).toContainEqual({
      part: "accepted",
      class: "money_without_event",
      count: 1,
      amount_minor: "1200",
      amount: "12.00",
    });
    expect(next.content_sha256).not.toBe(first.content_sha256);
    expect(await listOf(next.id)).toMatchObject([{ accepted: { actor: "ana", note: "refunded in cash" } }]);
    const csv = (await operator("GET", `${RUNS}/${next.id}?format=csv`)).body;
    expect(csv).toMatch(/^accepted,money_without_event,/m);
    expect(csv).toMatch(/^difference,money_without_event,.*,ana,[0-9T:.Z-]+,refunded in cash\r$/m);
  });

  it("another difference of the same money → is found again", async () => {
    const intent = await bookedAs("1");
    await acceptAll((await reconcile()).id);
    expect(found(await reconcile())).toEqual({ ignored: 1 });
    await alter(intent, "2");
    const report = await reconcile();
    expect(found(report)).toMatchObject({ booked_differently: 1, mismatched: 1 });
    expect(report.statements[0]).toMatchObject({ unexplained_minor: "798", accepted_minor: "0" });
    await alter(intent, "1");
    expect(found(await reconcile())).toEqual({ ignored: 1 });
  });

  it("accepted in part → the money is still unexplained", async () => {
    const { id } = await reconcile();
    expect(id).toBeTruthy();
    const intent = await bookedAs("1");
    await sandboxControl("POST", "/sandbox/settlements/alter", {
      external_payment_id: intent,
      direction: "payin",
      status: "failed",
    });
    const first = await reconcile();
    const amount = (await listOf(first.id)).find(
      ({ kind, field }) => kind === "booked_differently" && field === "amount_minor",
    );
    await accept(first.id, amount!);
    const next = await reconcile();
    expect(next).toMatchObject({ counts: { booked_differently: 1 }, accepted: { booked_differently: 1 } });
    expect(next.statements[0]).toMatchObject({ unexplained_minor: "800", accepted_minor: "0" });
  });

  it("undo → is found again; undone twice, accepted twice → as once", async () => {
    unreported(1_200);
    const first = await reconcile();
    const [difference] = await listOf(first.id);
    await accept(first.id, difference!);
    const again = await accept(first.id, difference!, { actor: "ben", note: "me too" });
    expect(again.body.accepted).toMatchObject({ actor: "ana" });
    for (let i = 0; i < 2; i++) {
      const undone = await accept(first.id, difference!, { undo: true });
      expect(undone).toMatchObject({ status: 200, body: { accepted: null } });
    }
    expect(found(await reconcile())).toEqual({ money_without_event: 1 });
  });

  it.each([
    ["no such run", `rec_${"0".repeat(32)}`, {}, 404, "RECONCILIATION_NOT_FOUND"],
    ["no such difference", null, { key: "txn_none.money_without_event." }, 404, "DIFFERENCE_NOT_FOUND"],
    ["no key", null, { key: "nonsense" }, 404, "DIFFERENCE_NOT_FOUND"],
    ["without a note", null, { note: " " }, 400, "INVALID_REQUEST"],
    ["a misspelt field", null, { accept: true }, 400, "INVALID_REQUEST"],
  ])("%s → refused, and nothing is accepted", async (_, run, more, status, code) => {
    unreported(1_200);
    const { id } = await reconcile();
    const [difference] = await listOf(id);
    const answer = await accept(run ?? id, difference!, more);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await listOf(id)).toMatchObject([{ accepted: null }]);
  });

  it("a kind that its event or another run moves → 409", async () => {
    world.stripe.events.push(...payments(ada, 1));
    const { id } = await reconcile({ dry_run: true });
    const [missing] = await listOf(id);
    expect(missing?.kind).toBe("missing");
    expect(await accept(id, missing!)).toMatchObject({ status: 409, body: { code: "INVALID_STATE" } });
  });
});

describe("the watermark", () => {
  it("is held by a finding, and not by one that is accepted", async () => {
    const t0 = Math.floor(Date.now() / 1_000) * 1_000;
    vi.useFakeTimers({ toFake: ["Date"], now: t0 });
    await pinAccount();
    await runCron(KEY);
    vi.setSystemTime(t0 + HOUR);
    stripe = new StripeAccount({ random: new Random(7), now: t0 + MINUTE });
    unreported(1_200);
    await runCron(KEY);
    await untilAllOver();
    expect(await watermark()).toMatchObject({ complete_up_to: new Date(t0).toISOString() });
    const { reconciliations } = (await operator("GET", RUNS)).body;
    const own = reconciliations.find((run: { stripe_account: string | null }) => run.stripe_account === null);
    await acceptAll(own.id);
    vi.setSystemTime(t0 + 2 * HOUR);
    await runCron(KEY);
    await untilAllOver();
    const to = t0 + 2 * HOUR - 10 * MINUTE;
    expect(await watermark()).toMatchObject({ complete_up_to: new Date(to).toISOString() });
  });

  it("an acceptance goes when no run reaches it, and no report shows it any more", async () => {
    unreported(1_200);
    const { id } = await reconcile();
    await acceptAll(id);
    const kept = () =>
      inReconciler((_, { storage }) => storage.sql.exec("SELECT count(*) AS n FROM acceptances").one()["n"]);
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: now + 60 * DAY });
    await runCron(KEY);
    expect(await kept()).toBe(1);
    vi.setSystemTime(now + 200 * DAY);
    await runCron(KEY);
    expect(await kept()).toBe(0);
  });
});

describe("a payout, and what comes back of it", () => {
  it("the ledger holds another amount → a finding of each transaction, each listed", async () => {
    const payout = stripe.payOut({ amount: 2_000, metadata: { account_id: ada } });
    payout.fail();
    publish(world, stripe);
    await deliverAll(stripe.events);
    const key = { external_payment_id: payout.id, direction: "payout" };
    await sandboxControl("POST", "/sandbox/settlements/alter", { ...key, amount_minor: "1" });
    const report = await reconcile();
    const listed = (await listOf(report.id)).filter(({ kind }) => kind === "booked_differently");
    expect(report.counts.booked_differently).toBe(2);
    expect(listed.map(({ transaction_id }) => transaction_id).sort()).toEqual(
      stripe.transactions.map(({ id }) => id).sort(),
    );
  });
});
