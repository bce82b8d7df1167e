import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  chargeRefunded,
  paymentIntentSucceeded,
  payoutFailed,
  payoutPaid,
  refundCreated,
  stripeEvent,
  type StripeEventBody,
} from "../../scripts/sandbox/events/stripe-events.ts";
import { askReconciler } from "../../src/reconciler/call-reconciler.ts";
import {
  ask,
  begin,
  configure,
  DAY,
  deliverAll,
  differencesOf,
  found,
  HOUR,
  inReconciler,
  leaveNothing,
  MINUTE,
  paymentOf,
  payments,
  reconcile,
  scriptWorld,
  show,
  until,
  untilOver,
  valueOf,
  type World,
} from "../support/reconciler.ts";
import { askSandbox, availableOf, newAccount, refused } from "../support/scripted-ledger.ts";
import { stripeError } from "../support/scripted-stripe.ts";
import { alarmAt, deliver, operator, showEvent, storedRecord, stubOf } from "../support/worker.ts";

/** What a run finds, and what it does about it. */

let world: World;
let account: string;
beforeEach(async () => {
  world = scriptWorld();
  account = await newAccount();
});
afterEach(leaveNothing);

const sumOf = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0);
const paid = (amount = 100) =>
  paymentIntentSucceeded({ account_id: account, amount }, { created: Math.floor(Date.now() / 1_000) - 60 });

/** The ledger holds something else of these payments than it was told. */
function alter(paymentIds: readonly string[], changes: Record<string, unknown>): void {
  world.ledgerSays(async (request) => {
    const answer = await askSandbox(request);
    if (request.method !== "GET" || !paymentIds.some((id) => request.url.pathname.endsWith(id)))
      return answer;
    const { settlements } = await answer.json<{ settlements: object[] }>();
    return Response.json({ settlements: settlements.map((each) => Object.assign(each, changes)) });
  });
}

describe("520 events, 20 never delivered, 5 altered in the ledger", () => {
  it("all 25 are found, the 20 are backfilled; the next run has nothing left to do", async () => {
    const events = payments(account, 520);
    world.stripe.events.push(...events);
    const lost = events.filter((_, i) => i % 26 === 0);
    const altered = events.filter((_, i) => i % 104 === 1);
    expect([lost.length, altered.length]).toEqual([20, 5]);
    await deliverAll(events.filter((event) => !lost.includes(event)));
    alter(altered.map(paymentOf), { amount_minor: "1" });

    const dry = await reconcile({ dry_run: true });
    expect(dry).toMatchObject({ status: "complete", balanced: false, progress: { pages: 6, events: 520 } });
    expect(found(dry)).toEqual({ missing: 20, mismatched: 5 });
    for (const { id } of lost) expect(await storedRecord(id)).toBeUndefined();

    const report = await reconcile();
    expect(found(report)).toEqual({ backfilled: 20, mismatched: 5 });
    const ids = async (kind: "backfilled" | "mismatched") =>
      (await differencesOf(report.id, kind)).map(({ event_id }) => event_id).sort();
    expect(await ids("backfilled")).toEqual(lost.map(({ id }) => id).sort());
    expect(await ids("mismatched")).toEqual(altered.map(({ id }) => id).sort());
    const [first] = await differencesOf(report.id, "mismatched");
    const event = events.find(({ id }) => id === first?.event_id);
    expect(first).toMatchObject({
      field: "amount_minor",
      ours: String(event?.data.object["amount_received"]),
      theirs: "1",
      payment_id: paymentOf(event ?? events[0]!),
    });

    const amounts = events.map((_, i) => 100 + i);
    const all = { count: 520, amount_minor: String(sumOf(amounts)) };
    const wrong = sumOf(altered.map((each) => Number(each.data.object["amount_received"])));
    expect(report.totals).toEqual([
      {
        currency: "USD",
        direction: "payin",
        status: "confirmed",
        stripe: all,
        clawsettle: all,
        ledger: { count: 520, amount_minor: String(sumOf(amounts) - wrong + 5) },
      },
    ]);
    expect(await availableOf(account)).toBe(String(sumOf(amounts)));

    world.ledgerSays(askSandbox);
    const again = await reconcile();
    expect([again.status, again.balanced, found(again)]).toEqual(["complete", true, {}]);
    expect(await availableOf(account)).toBe(String(sumOf(amounts)));
    // Two thousand looks at events, each at three services: a machine with other things to do takes its time.
  }, 180_000);
});

describe("an event that clawsettle never got", () => {
  it("→ settled as its webhook would have: the evidence says who told of it, and its webhook is a replay", async () => {
    const event = paid(700);
    world.stripe.events.push(event);
    const report = await reconcile();
    expect(found(report)).toEqual({ backfilled: 1 });
    const state = (await showEvent(event.id)).body;
    expect(state).toMatchObject({
      state: "forwarded",
      deliveries: 1,
      attempt_log: [{ trigger: "backfill", outcome: "accepted" }],
      evidence: { signing_secret: "stripe_api" },
    });
    const answer = await deliver(event);
    expect([answer.status, answer.body.deduped]).toEqual([200, true]);
    expect(await availableOf(account)).toBe("700");
    // No larger at rest than what a webhook brought.
    const bytes = await runInDurableObject(stubOf(event.id), (_, { storage }) => storage.sql.databaseSize);
    expect(bytes).toBe(3 * 4_096);
  });

  it("its webhook arrives in the middle of the backfill → settled once", async () => {
    const event = paid(300);
    world.stripe.events.push(event);
    const arrived = Promise.withResolvers<void>();
    world.ledgerSays(async (request) => {
      if (request.method === "POST") {
        arrived.resolve();
        await scheduler.wait(50);
      }
      return askSandbox(request);
    });
    const id = await begin();
    const over = untilOver(id);
    await arrived.promise;
    const answer = await deliver(event);
    expect([answer.status, answer.body.deduped]).toEqual([200, true]);
    const report = await over;
    expect(report.balanced).toBe(true);
    expect(found(report)).toEqual({ backfilled: 1 });
    expect(world.ledger.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
    expect(await availableOf(account)).toBe("300");
  });

  it("the ledger refuses it for now → here it is, and it heals by itself: backfilled and open", async () => {
    const event = paid();
    world.stripe.events.push(event);
    world.ledgerSays(() => refused(422, "INSUFFICIENT_FUNDS"));
    const report = await reconcile();
    expect(found(report)).toEqual({ backfilled: 1, open: 1 });
    expect(await storedRecord(event.id)).toMatchObject({ state: "failed", secret: null });
    expect(await alarmAt(event.id)).not.toBeNull();
    expect(report.totals[0]).toMatchObject({
      stripe: { count: 1 },
      clawsettle: { count: 0 },
      ledger: { count: 0 },
    });
  });

  it("unmappable: it cannot become a settlement → listed for operators, with its body to repair it from", async () => {
    const event = paymentIntentSucceeded({ amount: 5 }, { created: Math.floor(Date.now() / 1_000) - 5 });
    world.stripe.events.push({ ...event, data: { object: { ...event.data.object, metadata: {} } } });
    const report = await reconcile();
    expect(found(report)).toEqual({ backfilled: 1, unmappable: 1 });
    expect((await differencesOf(report.id, "unmappable"))[0]).toMatchObject({ reason: "account_missing" });
    const retried = await operator("POST", `/v1/admin/events/${event.id}/retry`);
    expect(retried.body).toMatchObject({ state: "failed", reason: "account_missing" });
  });
});

describe("an event that clawsettle knows", () => {
  it("overdue → woken, and healed; in a dry run it is only reported", async () => {
    const event = paid(40);
    world.stripe.events.push(event);
    world.ledgerSays(() => refused(503));
    await deliver(event);
    world.ledgerSays(askSandbox);
    const due = (await storedRecord(event.id)) as { next_retry_at?: number };
    vi.useFakeTimers({ toFake: ["Date"], now: (due.next_retry_at ?? 0) + 1 });
    expect(found(await reconcile({ dry_run: true }))).toEqual({ open: 1 });
    expect(await storedRecord(event.id)).toMatchObject({ state: "failed", attempts: 1 });
    expect(found(await reconcile())).toEqual({ healed: 1 });
    expect(await storedRecord(event.id)).toMatchObject({ state: "forwarded", attempts: 2 });
  });

  it.each([
    [
      "ignored",
      (event: StripeEventBody) => ({ ...event, type: "customer.created" }),
      { conflicting: 1, ignored: 1 },
    ],
    [
      "unmappable",
      ({ data, ...event }: StripeEventBody) => ({
        ...event,
        data: { object: { ...data.object, currency: "xxx" } },
      }),
      { unmappable: 1 },
    ],
  ])(
    "%s, and money to the mapping of today → a dry run says so; delivered again, settled once, healed",
    async (_, asItWas, seen) => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
      const event = paid(60);
      // An earlier mapping did not know what it means: here the event itself was another.
      await deliver(asItWas(event));
      world.stripe.events.push(event);
      vi.setSystemTime(Date.now() + MINUTE);
      expect(found(await reconcile({ dry_run: true }))).toEqual(seen);
      expect(world.ledger.requests.filter(({ method }) => method === "POST")).toEqual([]);
      const report = await reconcile();
      expect([found(report), report.balanced]).toEqual([{ healed: 1 }, true]);
      expect((await showEvent(event.id)).body).toMatchObject({
        state: "forwarded",
        deliveries: 2,
        attempt_log: [{ trigger: "backfill", outcome: "accepted" }],
      });
      expect(found(await reconcile())).toEqual({});
      expect(await availableOf(account)).toBe("60");
    },
  );

  it("a payout whose failure came first → ignored, as overtaken; equal on all sides, and left alone", async () => {
    const created = Math.floor(Date.now() / 1_000) - 60;
    const payout = { id: `po_${crypto.randomUUID().slice(0, 8)}`, account_id: account, amount: 900 };
    const first = payoutPaid(payout, { created });
    const events = [payoutFailed(payout, { created: created + 1 }), first];
    for (const event of events) expect((await deliver(event)).status).toBe(200);
    expect((await showEvent(first.id)).body).toMatchObject({ state: "ignored", reason: "payout_overtaken" });
    world.stripe.events.push(...events);
    const report = await reconcile();
    expect([found(report), report.balanced]).toEqual([{ ignored: 1 }, true]);
    expect((await showEvent(first.id)).body).toMatchObject({ attempts: 1, deliveries: 1 });
  });

  it("waiting for its retry → left alone, and open", async () => {
    const event = paid();
    world.stripe.events.push(event);
    world.ledgerSays(() => refused(503));
    await deliver(event);
    expect(found(await reconcile())).toEqual({ open: 1 });
    expect(await storedRecord(event.id)).toMatchObject({ attempts: 1 });
  });

  it("failed for good, resolved, ignored, unmappable → each under its own kind, none touched", async () => {
    const failed = paid();
    const resolved = paid();
    const zero = paid(0);
    world.ledgerSays(() => refused(400, "INVALID_REQUEST"));
    for (const event of [failed, resolved, zero]) await deliver(event);
    await operator("POST", `/v1/admin/events/${resolved.id}/resolve`, { actor: "ana", note: "by hand" });
    world.stripe.events.push(failed, resolved, zero);
    const report = await reconcile();
    expect(found(report)).toEqual({ failed: 1, resolved: 1, ignored: 1 });
    expect((await differencesOf(report.id)).map(({ kind }) => kind).sort()).toEqual(["failed", "resolved"]);
    expect((await differencesOf(report.id, "failed"))[0]).toMatchObject({ reason: "ledger_rejected" });
  });

  it("Stripe lists other money than was recorded → conflicting, and it stays as it was", async () => {
    const event = paid(100);
    await deliver(event);
    const other = { ...event.data.object, amount_received: 999 };
    world.stripe.events.push({ ...event, data: { object: other } });
    const report = await reconcile();
    expect(found(report)).toEqual({ conflicting: 1 });
    expect((await differencesOf(report.id))[0]).toMatchObject({
      field: "amount_minor",
      ours: "100",
      theirs: "999",
    });
    expect(report.balanced).toBe(false);
  });

  it.each([
    ["account_id", "acc_other"],
    ["currency", "EUR"],
    ["status", "reversed"],
    ["status", "pending"],
  ])("the ledger holds another %s (%s) → mismatched", async (field, theirs) => {
    const event = paid(100);
    await deliver(event);
    world.stripe.events.push(event);
    alter([paymentOf(event)], { [field]: theirs });
    const report = await reconcile();
    expect(found(report)).toEqual({ mismatched: 1 });
    expect((await differencesOf(report.id))[0]).toMatchObject({ field, theirs });
    expect(report.balanced).toBe(field === "account_id");
  });

  it("the ledger does not hold it → not_in_ledger", async () => {
    const event = paid(100);
    await deliver(event);
    world.stripe.events.push(event);
    world.ledgerSays((request) =>
      request.method === "GET" ? refused(404, "NOT_FOUND") : askSandbox(request),
    );
    expect(found(await reconcile())).toEqual({ not_in_ledger: 1 });
  });

  it("a payout that was paid and came back → equal: its status has rightly gone on", async () => {
    const created = Math.floor(Date.now() / 1_000) - 60;
    const payout = { id: `po_${crypto.randomUUID().slice(0, 8)}`, account_id: account, amount: 900 };
    const events = [payoutPaid(payout, { created }), payoutFailed(payout, { created: created + 1 })];
    for (const event of events) await deliver(event);
    world.stripe.events.push(...events);
    const report = await reconcile();
    expect([found(report), report.balanced]).toEqual([{}, true]);
    expect(report.totals.map(({ status, ledger }) => [status, ledger.count])).toEqual([
      ["confirmed", 1],
      ["reversed", 1],
    ]);
  });

  it("a refund whose account the ledger told → equal, with that account", async () => {
    const payment = paid(500);
    await deliver(payment);
    const refund = refundCreated(
      { payment_intent: paymentOf(payment), amount: 500 },
      { created: payment.created + 1 },
    );
    world.stripe.events.push(payment, refund);
    expect(found(await reconcile())).toEqual({ backfilled: 1 });
    expect(await availableOf(account)).toBe("0");
    expect(found(await reconcile())).toEqual({});
  });

  it("twin events of one change → counted twice, on every side alike", async () => {
    const event = paid(100);
    const twin = { ...event, id: `${event.id}twin` };
    world.stripe.events.push(event, twin);
    const report = await reconcile();
    expect(report.totals[0]).toMatchObject({
      stripe: { count: 2, amount_minor: "200" },
      ledger: { count: 2, amount_minor: "200" },
    });
    expect([report.balanced, await availableOf(account)]).toEqual([true, "100"]);
  });
});

describe("what is asked for", () => {
  it("only the types that can settle: refunds by refund.*, not by the charge", async () => {
    const created = Math.floor(Date.now() / 1_000) - 60;
    const refund = refundCreated({ status: "succeeded" }, { created });
    world.stripe.events.push(
      refund,
      chargeRefunded({ amount: 5 }, { created }),
      stripeEvent("customer.created", { id: "cus_1" }, { created }),
    );
    const report = await reconcile({ dry_run: true });
    expect([report.progress.events, found(report)]).toEqual([1, { missing: 1 }]);
    expect((await differencesOf(report.id))[0]).toMatchObject({ event_id: refund.id });
  });

  it("no events → complete, equal, and no question but one", async () => {
    const report = await reconcile();
    expect(report).toMatchObject({
      status: "complete",
      totals: [],
      balanced: true,
      progress: { pages: 1, events: 0 },
    });
    expect(world.stripe.questions).toHaveLength(1);
  });

  it("no key → refused by name; the rest of the service works", async () => {
    await configure({ STRIPE_API_KEY: undefined });
    expect(await ask()).toEqual({
      kind: "dependency_not_configured",
      missing: ["STRIPE_API_KEY"],
      invalid: [],
    });
    expect((await deliver(paid())).status).toBe(200);
  });

  it.each([
    ["from after to", () => ({ from: Date.now() - MINUTE, to: Date.now() - HOUR }), "empty"],
    ["to in the future", () => ({ to: Date.now() + MINUTE }), "in_future"],
    ["from before Stripe's list", () => ({ from: Date.now() - 31 * DAY }), "before_retention"],
  ])("%s → refused: %s", async (_, asked, why) => {
    expect(await ask(asked())).toMatchObject({ kind: "window_refused", why });
  });

  it("a window older than the retention → refused: what was purged there would look missing", async () => {
    await configure({ EVENT_RETENTION_DAYS: "7" });
    expect(await ask({ from: Date.now() - 8 * DAY })).toMatchObject({ why: "before_retention" });
    // A retention that grows does not bring back what it purged.
    await configure({ EVENT_RETENTION_DAYS: "30" });
    expect(await ask({ from: Date.now() - 8 * DAY })).toMatchObject({ why: "before_retention" });
    expect((await ask({ from: Date.now() - 6 * DAY })).kind).toBe("started");
  });

  it("a missing event that has come near the purge since → expired, and not delivered", async () => {
    await configure({ EVENT_RETENTION_DAYS: "1" });
    const created = Math.floor((Date.now() - DAY + 70 * MINUTE) / 1_000);
    const event = paymentIntentSucceeded({ account_id: account }, { created });
    world.stripe.events.push(event);
    world.stripe.fault = () => {
      // It took this long for its turn to come.
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11 * MINUTE });
      world.stripe.fault = null;
      return null;
    };
    const report = await reconcile({ from: Date.now() - DAY + 65 * MINUTE });
    expect(found(report)).toEqual({ expired: 1 });
    expect(await storedRecord(event.id)).toBeUndefined();
  });
});

describe("an upgrade that gives movements other ids at the ledger", () => {
  /** As 1.0.0 stored them. */
  const storedBefore = { refund_events: "charge", refund_events_since: null };
  const upgrade = () =>
    inReconciler((_, { storage }) =>
      storage.kv.put("bounds", { ...storedBefore, purged_before: Date.now() - 30 * DAY }),
    );

  it("→ nothing from before it is delivered, or delivered again; what comes later is", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    await upgrade();
    expect(await ask()).toMatchObject({ kind: "window_refused", why: "before_mapping", oldest: Date.now() });
    // Asked for again and again: the time of the upgrade stays.
    const upgradedAt = Date.now();
    vi.setSystemTime(upgradedAt + HOUR);
    expect(await ask({ from: upgradedAt - 1 })).toMatchObject({ why: "before_mapping", oldest: upgradedAt });
    const event = paid(70);
    world.stripe.events.push(event);
    expect(found(await reconcile({ from: upgradedAt }))).toEqual({ backfilled: 1 });
    expect(await availableOf(account)).toBe("70");
  });

  it("in the middle of a run → the run fails, and says why; nothing more is asked", async () => {
    const refund = refundCreated(
      { payment_intent: "pi_1" },
      { created: Math.floor(Date.now() / 1_000) - 60 },
    );
    world.stripe.events.push(refund);
    world.stripe.fault = () => stripeError(500);
    const id = await begin();
    await until(id, ({ progress: { phase } }) => phase === "backing_off");
    await inReconciler((_, { storage }) =>
      storage.sql.exec(
        "UPDATE runs SET run = json_set(json_remove(run, '$.v'), '$.refund_events', 'charge')",
      ),
    );
    await upgrade();
    world.stripe.fault = null;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse((await show(id)).progress.next_try_at ?? "") });
    expect(await untilOver(id)).toMatchObject({ status: "failed", error: { code: "CONFIGURATION_CHANGED" } });
    expect(world.stripe.questions).toHaveLength(1);
    expect(await storedRecord(refund.id)).toBeUndefined();
  });
});

describe("the report", () => {
  it("the same findings → the same hash, in another run at another time; another finding → another", async () => {
    const events = payments(account, 7);
    world.stripe.events.push(...events);
    await deliverAll(events.slice(0, 5));
    const window = { from: Date.now() - HOUR, to: Date.now() };
    const first = await reconcile({ ...window, dry_run: true });
    await scheduler.wait(5);
    const second = await reconcile({ ...window, dry_run: true });
    expect(second.id).not.toBe(first.id);
    expect(second.content_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(second.content_sha256).toBe(first.content_sha256);
    await deliver(events[5]);
    expect((await reconcile({ ...window, dry_run: true })).content_sha256).not.toBe(first.content_sha256);
  });

  it("as CSV: totals, counts, differences; what looks like a formula is none", async () => {
    const evil = '=HYPERLINK("http://evil.example","pay")';
    const event = paid(100);
    await deliver(event);
    world.stripe.events.push(event);
    alter([paymentOf(event)], { account_id: evil });
    const { id } = await reconcile();
    const csv = await valueOf(askReconciler(env, (stub) => stub.csv(id)));
    const lines = csv?.trimEnd().split("\r\n") ?? [];
    expect(lines.map((line) => line.split(",")[0])).toEqual(["line", "total", "count", "difference"]);
    expect(lines[1]).toBe("total,,,,,,,,,,payin,confirmed,USD,,,,,,,,1,100,1.00,1,100,1.00,1,100,1.00,,,");
    expect(lines[3]).toContain(`"'=HYPERLINK(""http`);
    expect(csv).not.toMatch(/,"?=/);
  });

  it("differences come page by page, each once; a cursor nobody was given → null", async () => {
    world.stripe.events.push(...payments(account, 25));
    const { id } = await reconcile({ dry_run: true });
    const seen: (string | null)[] = [];
    let cursor: string | null = null;
    do {
      const page: { differences: readonly { event_id: string | null }[]; next_cursor: string | null } | null =
        await valueOf(askReconciler(env, (stub) => stub.differences(id, cursor, 10)));
      seen.push(...(page?.differences ?? []).map(({ event_id }) => event_id));
      cursor = page?.next_cursor ?? null;
    } while (cursor !== null);
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
    expect(await valueOf(askReconciler(env, (stub) => stub.differences(id, "x", 10)))).toBeNull();
    expect(await valueOf(askReconciler(env, (stub) => stub.show("rec_nobody")))).toBeNull();
  });

  it("amounts near 2⁵³ are summed exactly", async () => {
    const most = Number.MAX_SAFE_INTEGER;
    world.stripe.events.push(...payments(account, 3, () => most));
    const { totals } = await reconcile({ dry_run: true });
    expect(totals[0]?.stripe).toEqual({ count: 3, amount_minor: String(BigInt(most) * 3n) });
  });
});

describe("runs in turn", () => {
  it("two at once → the second waits, and both are right", async () => {
    const events = payments(account, 150);
    world.stripe.events.push(...events);
    const first = await begin();
    const second = await begin();
    expect((await show(second)).progress.phase).toBe("waiting");
    const reports = [await untilOver(first), await untilOver(second)];
    expect(reports.map(found)).toEqual([{ backfilled: 150 }, {}]);
    expect(reports.map(({ balanced }) => balanced)).toEqual([true, true]);
    expect(await availableOf(account)).toBe(String(sumOf(events.map((_, i) => 100 + i))));
  });

  it("the same call again, its answer was lost → the same run", async () => {
    const asked = { from: Date.now() - HOUR, to: Date.now(), dry_run: true, actor: null };
    const request = { ...asked, id: "rec_twice", stripe_account: null };
    const once = () => valueOf(askReconciler(env, (stub) => stub.start(request)));
    const [a, b] = [await once(), await once()];
    expect([a.kind, b.kind]).toEqual(["started", "started"]);
    expect(await valueOf(askReconciler(env, (stub) => stub.list(10)))).toHaveLength(1);
    await untilOver("rec_twice");
  });

  it("more than twenty that wait → refused", async () => {
    world.stripe.fault = () => new Promise(() => undefined);
    for (let i = 0; i < 20; i++) await begin({ dry_run: true });
    expect(await ask()).toEqual({ kind: "too_many_runs", limit: 20 });
  });
});
