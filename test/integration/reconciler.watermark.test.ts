import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { askReconciler } from "../../src/reconciler/call-reconciler.ts";
import type { WatermarkStatus } from "../../src/reconciler/report-schema.ts";
import {
  configure,
  DAY,
  found,
  HOUR,
  inReconciler,
  leaveNothing,
  MINUTE,
  pinAccount,
  reconcile,
  scriptWorld,
  show,
  untilAllOver,
  valueOf,
  type World,
} from "../support/reconciler.ts";
import { askSandbox, availableOf, newAccount, refused } from "../support/scripted-ledger.ts";
import { stripeError } from "../support/scripted-stripe.ts";
import { runCron, storedRecord, stubOf } from "../support/worker.ts";

/** The hourly run from cron, and what it may claim. */

/** Connected accounts have runs of their own. */
const PLATFORM_ALONE = { STRIPE_CONNECTED_ACCOUNTS: undefined };
const KEY = { STRIPE_API_KEY: "rk_test_reconciler" };
const T0 = Date.UTC(2027, 2, 1, 12);

let world: World;
let account: string;
beforeEach(async () => {
  world = scriptWorld();
  account = await newAccount();
  setTime(T0);
  await configure(PLATFORM_ALONE);
  await pinAccount();
});
afterEach(leaveNothing);

function setTime(at: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: at });
}

const status = (): Promise<WatermarkStatus> => valueOf(askReconciler(env, (stub) => stub.watermark()));
const runs = () => valueOf(askReconciler(env, (stub) => stub.list(50)));
const iso = (at: number) => new Date(at).toISOString();

/** The cron at this time, and whatever it started, to its end. */
async function cronAt(at: number): Promise<void> {
  setTime(at);
  await runCron(KEY);
  await untilAllOver();
}

function paidAt(at: number) {
  const event = paymentIntentSucceeded(
    { account_id: account, amount: 100 },
    { created: Math.floor(at / 1_000) },
  );
  world.stripe.events.push(event);
  return event;
}

describe("first activation", () => {
  it("never → nothing is claimed; the first round → since now, and what came before is never asked for", async () => {
    expect(await status()).toMatchObject({
      configured: true,
      since: null,
      complete_up_to: null,
      behind_seconds: null,
    });
    const older = paidAt(T0 - MINUTE);
    await cronAt(T0);
    expect(await status()).toMatchObject({ since: iso(T0), complete_up_to: iso(T0), behind_seconds: 0 });
    expect(await runs()).toEqual([]);
    const newer = paidAt(T0 + MINUTE);
    await cronAt(T0 + 2 * HOUR);
    const [run] = await runs();
    expect(run).toMatchObject({
      origin: "schedule",
      from: iso(T0),
      to: iso(T0 + 2 * HOUR - 10 * MINUTE),
      dry_run: false,
    });
    expect(found(await show(run?.id ?? ""))).toEqual({ backfilled: 1 });
    expect([await storedRecord(older.id), (await storedRecord(newer.id))?.state]).toEqual([
      undefined,
      "forwarded",
    ]);
  });

  it("no key → the cron wakes nobody, and the status says that it is off", async () => {
    await configure({ ...PLATFORM_ALONE, STRIPE_API_KEY: undefined });
    await runCron();
    await valueOf(askReconciler(env, (stub) => stub.tick()));
    expect(await status()).toMatchObject({ configured: false, since: null });
  });
});

describe("each hour", () => {
  it("the watermark advances, with an hour's overlap and ten minutes for what is on its way; not more often", async () => {
    await cronAt(T0);
    for (const minutes of [5, 10, 15, 20, 25]) await cronAt(T0 + minutes * MINUTE);
    const [first] = await runs();
    expect(await runs()).toHaveLength(1);
    expect(first).toMatchObject({ from: iso(T0), to: iso(T0 + 5 * MINUTE) });
    expect(await status()).toMatchObject({ complete_up_to: iso(T0 + 5 * MINUTE), behind_seconds: 20 * 60 });
    await cronAt(T0 + 75 * MINUTE);
    await cronAt(T0 + 135 * MINUTE);
    const [third, second] = await runs();
    expect(second).toMatchObject({ from: iso(T0), to: iso(T0 + 65 * MINUTE) });
    expect(third).toMatchObject({ from: iso(T0 + 5 * MINUTE), to: iso(T0 + 125 * MINUTE) });
    expect(await status()).toMatchObject({
      since: iso(T0),
      complete_up_to: iso(T0 + 125 * MINUTE),
      gaps: [],
      pending_gap: null,
      last_run: { id: third?.id, status: "complete", error: null },
    });
  });

  it("an event that Stripe lists late → found in the overlap", async () => {
    await cronAt(T0);
    await cronAt(T0 + 70 * MINUTE);
    const late = paidAt(T0 + 30 * MINUTE);
    await cronAt(T0 + 130 * MINUTE);
    expect((await storedRecord(late.id))?.state).toBe("forwarded");
    expect(await availableOf(account)).toBe("100");
  });

  it("a run that fails → the watermark stays, and the next run covers its window too", async () => {
    await cronAt(T0);
    world.stripe.fault = () => stripeError(401);
    await cronAt(T0 + 70 * MINUTE);
    expect(await status()).toMatchObject({
      complete_up_to: iso(T0),
      last_run: { status: "failed", error: "stripe_unauthorized" },
    });
    world.stripe.fault = null;
    await cronAt(T0 + 130 * MINUTE);
    expect(await status()).toMatchObject({
      complete_up_to: iso(T0 + 120 * MINUTE),
      last_run: { status: "complete" },
    });
  });

  it("an event that failed at the ledger → known here, so the watermark advances", async () => {
    await cronAt(T0);
    paidAt(T0 + MINUTE);
    world.ledgerSays(() => refused(400, "INVALID_REQUEST"));
    await cronAt(T0 + 70 * MINUTE);
    expect(await status()).toMatchObject({ complete_up_to: iso(T0 + 60 * MINUTE) });
    world.ledgerSays(askSandbox);
  });

  it("an event whose object does not take it → the watermark stays until it does", async () => {
    await cronAt(T0);
    const { id } = paidAt(T0 + MINUTE);
    const refusing = {
      inspect: () => Promise.resolve({ ok: true, value: null }),
      deliver: () => Promise.resolve({ ok: false }),
    };
    await configure({
      ...PLATFORM_ALONE,
      STRIPE_EVENT: { getByName: (name: string) => (name === id ? refusing : stubOf(name)) },
    });
    await cronAt(T0 + 70 * MINUTE);
    const [run] = await runs();
    expect([run?.status, found(run as never)]).toEqual(["complete", { missing: 1 }]);
    expect(await status()).toMatchObject({ complete_up_to: iso(T0) });
    await configure(PLATFORM_ALONE);
    await cronAt(T0 + 130 * MINUTE);
    expect(await status()).toMatchObject({ complete_up_to: iso(T0 + 120 * MINUTE) });
    expect((await storedRecord(id))?.state).toBe("forwarded");
  });

  it("one that is still at work → no second beside it", async () => {
    await cronAt(T0);
    world.stripe.fault = () => stripeError(500);
    setTime(T0 + 70 * MINUTE);
    await runCron(KEY);
    setTime(T0 + 140 * MINUTE);
    await runCron(KEY);
    expect(await runs()).toHaveLength(1);
  });

  it("an operator's run, dry or not → moves no watermark", async () => {
    await cronAt(T0);
    setTime(T0 + HOUR);
    await reconcile({ from: T0, to: T0 + HOUR });
    expect(await status()).toMatchObject({ complete_up_to: iso(T0), last_run: null });
  });
});

describe("what nobody can claim any more", () => {
  it("switched off for longer than Stripe lists → a gap, said before and after", async () => {
    await cronAt(T0);
    setTime(T0 + 40 * DAY);
    const oldest = T0 + 10 * DAY + HOUR;
    expect(await status()).toMatchObject({
      complete_up_to: iso(T0),
      pending_gap: { from: iso(T0), to: iso(oldest), why: "too_late" },
    });
    const lost = paidAt(T0 + 5 * DAY);
    const late = paidAt(T0 + 39 * DAY);
    await cronAt(T0 + 40 * DAY);
    expect(await status()).toMatchObject({
      complete_up_to: iso(T0 + 40 * DAY - 10 * MINUTE),
      gaps: [{ from: iso(T0), to: iso(oldest), why: "too_late" }],
      pending_gap: null,
    });
    expect([await storedRecord(lost.id), (await storedRecord(late.id))?.state]).toEqual([
      undefined,
      "forwarded",
    ]);
  });

  it("upgraded from 1.0.0, under other ids → begins anew there, with a gap; nothing from before is delivered", async () => {
    await cronAt(T0);
    await cronAt(T0 + 70 * MINUTE);
    const upgrade = T0 + 100 * MINUTE;
    await inReconciler((_, { storage }) => {
      const { v: _version, ...stored } = storage.kv.get<{ v: number }>("watermark") ?? {};
      storage.kv.put("watermark", { ...stored, refund_events: "charge" });
      const { purged_before } = storage.kv.get<{ purged_before: number }>("bounds") ?? {};
      storage.kv.put("bounds", { purged_before, refund_events: "charge", refund_events_since: null });
      storage.sql.exec(
        "UPDATE runs SET run = json_set(json_remove(run, '$.v'), '$.refund_events', 'charge')",
      );
    });
    const before = paidAt(upgrade - MINUTE);
    const after = paidAt(upgrade + MINUTE);
    await cronAt(upgrade);
    await cronAt(T0 + 135 * MINUTE);
    expect((await runs())[0]).toMatchObject({ from: iso(upgrade), to: iso(T0 + 125 * MINUTE) });
    expect(await status()).toMatchObject({
      complete_up_to: iso(T0 + 125 * MINUTE),
      gaps: [{ from: iso(T0 + 60 * MINUTE), to: iso(upgrade), why: "mapping_changed" }],
    });
    expect([await storedRecord(before.id), (await storedRecord(after.id))?.state]).toEqual([
      undefined,
      "forwarded",
    ]);
  });
});

describe("after the retention", () => {
  it("old runs go, with their differences; newer ones stay", async () => {
    paidAt(T0 - MINUTE);
    const old = await reconcile({ dry_run: true });
    setTime(T0 + 20 * DAY);
    const newer = await reconcile({ dry_run: true });
    await cronAt(T0 + 31 * DAY);
    expect((await runs()).map(({ id }) => id)).toEqual([newer.id]);
    const left = await inReconciler((_, { storage }) =>
      storage.sql.exec("SELECT count(*) AS n FROM differences WHERE run_id = ?", old.id).one(),
    );
    expect(left).toEqual({ n: 0 });
  });
});
