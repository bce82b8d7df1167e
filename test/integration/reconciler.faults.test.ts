import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded, type StripeEventBody } from "../../scripts/sandbox/events/stripe-events.ts";
import { askReconciler } from "../../src/reconciler/call-reconciler.ts";
import type { Report } from "../../src/reconciler/report-schema.ts";
import {
  begin,
  configure,
  deliverAll,
  found,
  HOUR,
  inReconciler,
  leaveNothing,
  payments,
  reconcile,
  scriptWorld,
  show,
  step,
  until,
  untilOver,
  valueOf,
  type World,
} from "../support/reconciler.ts";
import { askSandbox, availableOf, newAccount, refused } from "../support/scripted-ledger.ts";
import { stripeError } from "../support/scripted-stripe.ts";
import { runAlarm, showEvent, storedRecord, stubOf } from "../support/worker.ts";

/** Whatever fails in the middle of a run: nothing counts twice, nothing is lost, and what is left is said. */

/** As in vitest.config.ts. */
const KEY = "rk_test_reconciler";

let world: World;
let account: string;
let events: StripeEventBody[];
beforeEach(async () => {
  world = scriptWorld();
  account = await newAccount();
});
afterEach(leaveNothing);

function happened(count: number): void {
  events = payments(account, count, () => 100);
  world.stripe.events.push(...events);
}

const settledOnce = async (count: number) => expect(await availableOf(account)).toBe(String(count * 100));
const cancel = (id: string) => valueOf(askReconciler(env, (stub) => stub.cancel(id)));
const list = () => valueOf(askReconciler(env, (stub) => stub.list(10)));
/** To the time of the next try, without waiting for it. */
async function passTime(id: string): Promise<void> {
  const { next_try_at } = (await show(id)).progress;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(next_try_at ?? "") });
}

describe("Stripe does not answer", () => {
  it("a 429 or a 500 on every other question → each is asked again later, and every event counts once", async () => {
    happened(110);
    await deliverAll(events.slice(0, 105));
    world.stripe.fault = (n) => (n % 2 === 1 ? stripeError(n % 4 === 1 ? 429 : 500) : null);
    const id = await begin();
    const waitsAnew = ({ status, progress: { next_try_at } }: Report) =>
      status !== "running" || Date.parse(next_try_at ?? "") > Date.now();
    for (let waits = 0; (await until(id, waitsAnew)).status === "running"; waits++) {
      expect(waits).toBeLessThan(3);
      await passTime(id);
    }
    const report = await show(id);
    expect(found(report)).toEqual({ backfilled: 5 });
    expect([report.progress.events, report.balanced]).toEqual([110, true]);
    await settledOnce(110);
  });

  it("Retry-After → not asked before", async () => {
    world.stripe.fault = () => stripeError(429, {}, { "retry-after": "300" });
    const asked = Date.now();
    const id = await begin();
    const { progress } = await until(id, ({ progress: { phase } }) => phase === "backing_off");
    expect(Date.parse(progress.next_try_at ?? "")).toBeGreaterThanOrEqual(asked + 300_000);
    expect(progress).toMatchObject({ failures_in_a_row: 1, last_failure: "stripe_unavailable" });
    await step();
    await step();
    expect(world.stripe.questions).toHaveLength(1);
  });

  it("for an hour → the run fails with our words, and can be started again", async () => {
    world.stripe.fault = () => stripeError(503);
    const began = Date.now();
    const id = await begin();
    for (let failures = 1; failures < 12; failures++) {
      await until(id, ({ progress }) => progress.failures_in_a_row === failures);
      await passTime(id);
    }
    const report = await untilOver(id);
    expect(report).toMatchObject({
      status: "failed",
      error: { code: "STRIPE_UNAVAILABLE" },
      content_sha256: null,
    });
    expect(Date.now() - began).toBeGreaterThan(HOUR / 3);
    expect(world.stripe.questions).toHaveLength(12);
    world.stripe.fault = null;
    expect((await reconcile()).status).toBe("complete");
  });

  it.each([
    [401, "STRIPE_UNAUTHORIZED"],
    [403, "STRIPE_UNAUTHORIZED"],
    [400, "STRIPE_REJECTED"],
  ])(
    "%i → failed at once with our words, nothing touched, and no word of Stripe's or the key anywhere",
    async (status, code) => {
      happened(1);
      const logged: string[] = [];
      for (const level of ["info", "warn", "error"] as const) {
        vi.spyOn(console, level).mockImplementation((line) => void logged.push(String(line)));
      }
      world.stripe.fault = () => stripeError(status, { message: `Invalid API Key provided: ${KEY}` });
      const report = await reconcile();
      expect(report).toMatchObject({ status: "failed", error: { code }, progress: { events: 0 } });
      expect(await storedRecord(events[0]?.id ?? "")).toBeUndefined();
      const said = JSON.stringify(report) + logged.join();
      expect(said).not.toContain(KEY);
      expect(said).not.toContain("Invalid API Key");
      expect(logged.join()).toContain("reconcile_finished");
    },
  );

  it("does not know the last event of a page any more → goes on from its second, and none counts twice", async () => {
    happened(250);
    const second = events[98]?.created ?? 0;
    // More than one page of events of the very second where the page ends.
    for (const [i, event] of events.entries()) {
      if (i >= 98 && i < 103) events[i] = { ...event, created: second };
    }
    world.stripe.events.splice(0, Infinity, ...events);
    world.stripe.fault = (n, url) => {
      if (n !== 2) return null;
      const gone = url.searchParams.get("starting_after");
      world.stripe.events.splice(
        world.stripe.events.findIndex(({ id }) => id === gone),
        1,
      );
      return null;
    };
    const report = await reconcile({ dry_run: true });
    expect(found(report)).toEqual({ missing: 250 });
    expect(report.progress.events).toBe(250);
  });
});

describe("the wrong mode", () => {
  it("Stripe lists live events in staging → the run fails clearly, nothing delivered", async () => {
    happened(2);
    world.stripe.events.push(
      paymentIntentSucceeded({}, { livemode: true, created: Math.floor(Date.now() / 1_000) - 90 }),
    );
    const report = await reconcile();
    expect(report).toMatchObject({ status: "failed", error: { code: "LIVEMODE_MISMATCH" } });
    for (const { id } of events) expect(await storedRecord(id)).toBeUndefined();
  });

  it("a live key in staging, and no events that would show it → fails all the same, and asks nobody", async () => {
    await configure({ STRIPE_API_KEY: "rk_live_x" });
    expect(await reconcile()).toMatchObject({ status: "failed", error: { code: "LIVEMODE_MISMATCH" } });
    expect(world.stripe.questions).toEqual([]);
  });
});

describe("the ledger does not answer", () => {
  it("in the middle of a page → the page comes again; what it had backfilled is still this run's, and counts once", async () => {
    happened(30);
    await deliverAll(events.slice(0, 20));
    let reads = 0;
    world.ledgerSays((request) => {
      if (request.method === "GET" && ++reads > 5) return refused(503, "DOWN", { "retry-after": "60" });
      return askSandbox(request);
    });
    const asked = Date.now();
    const id = await begin();
    const { progress } = await until(id, ({ progress: { phase } }) => phase === "backing_off");
    expect(progress).toMatchObject({ events: 0, last_failure: "ledger_unavailable" });
    expect(Date.parse(progress.next_try_at ?? "")).toBeGreaterThanOrEqual(asked + 60_000);
    // It was asked no further.
    expect(reads).toBeLessThan(15);
    world.ledgerSays(askSandbox);
    await passTime(id);
    const report = await untilOver(id);
    expect(found(report)).toEqual({ backfilled: 10 });
    expect([report.progress.events, report.balanced]).toEqual([30, true]);
    await settledOnce(30);
  });

  it("down for everything → what was backfilled meanwhile, and healed when the page came again, is one backfill", async () => {
    happened(2);
    await deliverAll(events.slice(0, 1));
    world.ledgerSays(() => refused(503));
    const id = await begin();
    await until(id, ({ progress: { phase } }) => phase === "backing_off");
    expect(await storedRecord(events[1]?.id ?? "")).toMatchObject({ state: "failed", secret: null });
    world.ledgerSays(askSandbox);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    const report = await untilOver(id);
    expect([found(report), report.balanced]).toEqual([{ backfilled: 1 }, true]);
    await settledOnce(2);
  });

  it("for one event, again and again, while it answers for others → that one is unverified, and the run goes on", async () => {
    happened(3);
    await deliverAll(events);
    const poisoned = String(events[1]?.data.object["id"]);
    world.ledgerSays((request) =>
      request.method === "GET" && request.url.pathname.endsWith(poisoned)
        ? refused(500)
        : askSandbox(request),
    );
    const id = await begin();
    for (let failures = 1; failures <= 6; failures++) {
      await until(id, ({ progress }) => progress.failures_in_a_row === failures);
      await passTime(id);
    }
    const report = await untilOver(id);
    expect([report.status, found(report)]).toEqual(["complete", { unverified: 1 }]);
  });

  it("with something that is no settlement → unverified at once: asking again would hear the same", async () => {
    happened(1);
    await deliverAll(events);
    world.ledgerSays((request) => (request.method === "GET" ? new Response("<html>") : askSandbox(request)));
    const report = await reconcile();
    expect([report.status, found(report)]).toEqual(["complete", { unverified: 1 }]);
  });

  it("unwilling to say → unverified, and the run goes on", async () => {
    happened(2);
    await deliverAll(events);
    world.ledgerSays((request) =>
      request.method === "GET" ? refused(400, "INVALID_REQUEST") : askSandbox(request),
    );
    const report = await reconcile();
    expect([report.status, found(report)]).toEqual(["complete", { unverified: 2 }]);
  });
});

describe("the Reconciler is cut off", () => {
  it("in the middle of a page, some of it delivered → the page comes again, and counts once", async () => {
    happened(60);
    await deliverAll(events.slice(0, 30));
    // It asks for all sixty, since the ledger lists none, and has delivered fifteen.
    world.ledgerLists(() => Response.json({ settlements: [] }));
    await configure((state) => ({ STRIPE_EVENT: { getByName: abortAt(90, state) } }));
    const report = await reconcile();
    expect(world.stripe.questions).toHaveLength(2);
    expect(found(report)).toEqual({ backfilled: 30 });
    expect([report.progress.events, report.progress.pages, report.balanced]).toEqual([60, 1, true]);
    await settledOnce(60);
  });

  it("at the beginning of the second page → goes on where it was", async () => {
    happened(150);
    await configure((state) => ({ STRIPE_EVENT: { getByName: abortAt(101, state) } }));
    const id = await begin({ dry_run: true });
    await until(id, ({ progress }) => progress.events === 100);
    const report = await untilOver(id);
    expect([report.progress.events, found(report)]).toEqual([150, { missing: 150 }]);
    // One question more than there are pages: the second was asked again.
    expect(world.stripe.questions).toHaveLength(3);
  });

  it("its alarm is lost → the cron finds it", async () => {
    world.stripe.fault = () => stripeError(500);
    const id = await begin();
    await until(id, ({ progress: { phase } }) => phase === "backing_off");
    await inReconciler((_, { storage }) => storage.deleteAlarm());
    await valueOf(askReconciler(env, (stub) => stub.tick()));
    const { next_try_at } = (await show(id)).progress;
    expect(await inReconciler((_, { storage }) => storage.getAlarm())).toBe(Date.parse(next_try_at ?? ""));
  });

  it("an event's object does not answer → unreachable, and the others are looked at", async () => {
    happened(3);
    await deliverAll(events);
    // Of what the ledger lists no object is asked.
    world.ledgerLists(() => Response.json({ settlements: [] }));
    const broken = events[1]?.id ?? "";
    const getByName = (name: string) =>
      name === broken ? { inspect: () => Promise.resolve({ ok: false }) } : stubOf(name);
    await configure({ STRIPE_EVENT: { getByName } });
    const report = await reconcile();
    expect([report.status, report.progress.events, found(report)]).toEqual([
      "complete",
      3,
      { unreachable: 1 },
    ]);
  });
});

describe("cancel", () => {
  it("in the middle of a page → after it; what was found so far is kept, and what was delivered is settled", async () => {
    happened(250);
    const reached = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    world.ledgerSays(async (request) => {
      reached.resolve();
      await goOn.promise;
      return askSandbox(request);
    });
    const id = await begin();
    await reached.promise;
    expect(await cancel(id)).toMatchObject({ status: "running", progress: { cancel_requested: true } });
    goOn.resolve();
    const report = await untilOver(id);
    expect(report).toMatchObject({ status: "cancelled", progress: { pages: 1, events: 100 } });
    expect(found(report)).toEqual({ backfilled: 100 });
    await settledOnce(100);
    expect((await cancel(id))?.status).toBe("cancelled");
  });

  it("while it waits, for its turn or for Stripe → at once, and the next run is served", async () => {
    world.stripe.fault = () => stripeError(500);
    const [first, second, third] = [await begin(), await begin(), await begin()];
    await until(first, ({ progress: { phase } }) => phase === "backing_off");
    expect((await cancel(second))?.status).toBe("cancelled");
    expect((await cancel(first))?.status).toBe("cancelled");
    world.stripe.fault = null;
    await vi.waitFor(async () => expect((await show(third)).status).toBe("complete"), 10_000);
    expect((await list()).map(({ status }) => status)).toEqual(["complete", "cancelled", "cancelled"]);
    expect(await cancel("rec_nobody")).toBeNull();
  });
});

describe("an event that fails while it is backfilled", () => {
  it("→ heals by its own alarm, and the next run sees it settled", async () => {
    happened(1);
    const [event] = events;
    world.ledgerSays(() => refused(503));
    expect(found(await reconcile())).toEqual({ backfilled: 1, open: 1 });
    world.ledgerSays(askSandbox);
    const due = (await showEvent(event?.id ?? "")).body.next_retry_at;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(due) });
    await runAlarm(event?.id ?? "");
    expect(found(await reconcile())).toEqual({});
    await settledOnce(1);
  });
});

/** The way to the events' objects, on which the Reconciler is aborted when it asks for the nth. */
function abortAt(n: number, state: DurableObjectState) {
  let asked = 0;
  return (name: string) => {
    if (++asked === n) state.abort("Instance dispose");
    return stubOf(name);
  };
}
