import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import {
  configure,
  deliverAll,
  HOUR,
  leaveNothing,
  payments,
  pinAccount,
  scriptWorld,
  type World,
  untilOver,
} from "../support/reconciler.ts";
import { newAccount } from "../support/scripted-ledger.ts";
import { operator, runCron, showEvent } from "../support/worker.ts";

/** Reconciliation as operators ask for it. What a run finds, and how it goes on: reconciler*.test.ts. */

const RUNS = "/v1/admin/reconciliations";
const KEY = { STRIPE_API_KEY: "rk_test_reconciler" };

let world: World;
let account: string;
beforeEach(async () => {
  world = scriptWorld();
  account = await newAccount();
});
afterEach(leaveNothing);

const iso = (at: number) => new Date(at).toISOString();
const lastHour = () => ({ from: iso(Date.now() - HOUR), to: iso(Date.now()) });
const start = (body: object) => operator("POST", RUNS, body);

describe("POST /v1/admin/reconciliations", () => {
  it("a window with three events that never came → 202; then complete: delivered, each listed, the sums equal", async () => {
    const events = payments(account, 10);
    world.stripe.events.push(...events);
    await deliverAll(events.slice(3));
    const started = await start({ ...lastHour(), actor: "ada" });
    expect(started.status).toBe(202);
    expect(started.body).toMatchObject({ status: "running", actor: "ada", dry_run: false, differences: [] });

    await untilOver(started.body.id);
    const { body } = await operator("GET", `${RUNS}/${started.body.id}`);
    expect(body).toMatchObject({
      status: "complete",
      balanced: true,
      counts: { backfilled: 3, missing: 0 },
      progress: { phase: "over", events: 10 },
      differences_listed: 3,
      differences_truncated: false,
      next_cursor: null,
    });
    const missed = events.slice(0, 3).map(({ id }) => id);
    expect(
      body.differences.map((difference: { event_id: string }) => difference.event_id).toSorted(),
    ).toEqual(missed.toSorted());
    const [total] = body.totals;
    const sum = String(
      payments(account, 10).reduce((all, { data }) => all + Number(data.object["amount"]), 0),
    );
    for (const side of ["stripe", "clawsettle", "ledger"]) {
      expect(total[side]).toEqual({ count: 10, amount_minor: sum });
    }
    for (const id of missed) {
      const event = (await showEvent(id)).body;
      expect(event).toMatchObject({ state: "forwarded", evidence: { signing_secret: "stripe_api" } });
      expect(event.attempt_log[0].trigger).toBe("backfill");
    }
  });

  it("dry_run → says what is missing, and delivers nothing", async () => {
    const events = payments(account, 2);
    world.stripe.events.push(...events);
    const { body } = await start({ ...lastHour(), dry_run: true });
    await untilOver(body.id);
    const report = (await operator("GET", `${RUNS}/${body.id}`)).body;
    expect(report).toMatchObject({
      status: "complete",
      dry_run: true,
      counts: { missing: 2, backfilled: 0 },
    });
    expect((await showEvent(events[0]!.id)).status).toBe(404);
  });

  it.each([
    ["without an end", { from: "2027-01-01" }],
    ["no time", { from: "yesterday", to: "today" }],
    ["a misspelt field", { ...lastHour(), dryrun: true }],
    ["the wrong way round", { from: lastHour().to, to: lastHour().from }],
    ["empty", { from: lastHour().to, to: lastHour().to }],
    ["into the future", { from: lastHour().from, to: iso(Date.now() + HOUR) }],
    ["older than what is kept", { from: iso(Date.now() - 40 * 24 * HOUR), to: lastHour().to }],
  ])("%s → 400, and no run", async (_, body) => {
    const answer = await start(body);
    expect([answer.status, answer.body.code]).toEqual([400, "INVALID_REQUEST"]);
    expect((await operator("GET", RUNS)).body.reconciliations).toEqual([]);
  });

  it("too old → says since when it could be", async () => {
    const { body } = await start({ from: iso(Date.now() - 40 * 24 * HOUR), to: lastHour().to });
    expect(body.details.problems[0]).toMatch(/^from is older than .*; the earliest is \d{4}-\d\d-\d\dT/);
  });

  it("no key for Stripe's API → 503 that names it; everything else works", async () => {
    await configure({ STRIPE_API_KEY: undefined });
    const answer = await start(lastHour());
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({
      code: "DEPENDENCY_NOT_CONFIGURED",
      details: { missing: ["STRIPE_API_KEY"] },
    });
    const list = await operator("GET", RUNS);
    expect(list.status).toBe(200);
    expect(list.body.watermark.configured).toBe(false);
    const event = paymentIntentSucceeded({ account_id: account });
    await deliverAll([event]);
    expect((await showEvent(event.id)).body.state).toBe("forwarded");
  });
});

describe("GET …/{id}", () => {
  it("?format=csv → a file with every total, count and difference; formulas are text", async () => {
    const evil = "=HYPERLINK(1)";
    world.stripe.events.push(...payments(account, 2), ...payments(evil, 1));
    const { body } = await start({ ...lastHour(), dry_run: true });
    await untilOver(body.id);
    const csv = await operator("GET", `${RUNS}/${body.id}?format=csv`);
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(csv.headers.get("content-disposition")).toBe(
      `attachment; filename="reconciliation-${body.id}.csv"`,
    );
    expect(csv.headers.get("cache-control")).toBe("no-store");
    const lines = csv.body.trim().split("\r\n");
    expect(lines[0]).toMatch(/^line,kind,event_id/);
    expect(lines.filter((line: string) => line.startsWith("difference,missing,"))).toHaveLength(3);
    expect(csv.body).not.toMatch(/(^|,)=/m);
  });

  it("more differences than a page → the rest by cursor, each once", async () => {
    world.stripe.events.push(...payments(account, 130));
    const { body } = await start({ ...lastHour(), dry_run: true });
    await untilOver(body.id);
    const first = (await operator("GET", `${RUNS}/${body.id}`)).body;
    const cursor = encodeURIComponent(first.next_cursor);
    const second = (await operator("GET", `${RUNS}/${body.id}?cursor=${cursor}`)).body;
    const ids = [...first.differences, ...second.differences].map(({ event_id }) => event_id);
    expect([ids.length, new Set(ids).size]).toEqual([130, 130]);
    expect(second).toMatchObject({ next_cursor: null, counts: first.counts, differences_listed: 130 });
    const strange = await operator("GET", `${RUNS}/${body.id}?cursor=nobody's`);
    expect([strange.status, strange.body.code]).toEqual([400, "INVALID_REQUEST"]);
  });
});

describe("cancel, and the list", () => {
  it("running + cancel → cancelled, and what waits behind it gets its turn; cancelled again → as it was", async () => {
    world.stripe.events.push(...payments(account, 1));
    world.stripe.fault = () => new Response("busy", { status: 429, headers: { "retry-after": "600" } });
    const first = (await start(lastHour())).body.id;
    const second = (await start(lastHour())).body.id;
    const cancelled = await operator("POST", `${RUNS}/${first}/cancel`);
    expect(cancelled.status).toBe(200);
    world.stripe.fault = null;
    expect((await untilOver(first)).status).toBe("cancelled");
    expect((await untilOver(second)).status).toBe("complete");
    expect((await operator("POST", `${RUNS}/${first}/cancel`)).body.status).toBe("cancelled");
    const { body } = await operator("GET", `${RUNS}?limit=1`);
    expect(body.reconciliations.map(({ id }: { id: string }) => id)).toEqual([second]);
  });
});

describe("the watermark", () => {
  it("is in the list, in the statistics and in the metrics, and grows with the hourly run", async () => {
    const t0 = Date.UTC(2027, 5, 1, 12);
    vi.useFakeTimers({ toFake: ["Date"], now: t0 });
    await pinAccount();
    await runCron(KEY);
    vi.setSystemTime(t0 + HOUR);
    await runCron(KEY);
    const { body } = await operator("GET", RUNS);
    await untilOver(body.reconciliations[0].id);
    const { reconciliation } = (await operator("GET", "/v1/admin/stats")).body;
    expect(reconciliation).toMatchObject({
      configured: true,
      since: iso(t0),
      complete_up_to: iso(t0 + HOUR - 600_000),
      behind_seconds: 600,
      last_run: { status: "complete", error: null },
    });
    const metrics = (await operator("GET", "/metrics")).body;
    expect(metrics).toContain("clawsettle_reconciliation_configured 1\n");
    expect(metrics).toContain(
      `clawsettle_reconciliation_complete_up_to_seconds ${(t0 + HOUR) / 1_000 - 600}\n`,
    );
    expect(metrics).toContain("clawsettle_reconciliation_behind_seconds 600\n");
    expect(metrics).toContain("clawsettle_reconciliation_last_run_complete 1\n");
  });

  it("the Reconciler out of reach → stats all the same, without it", async () => {
    const broken = new Proxy({}, { get: () => () => Promise.reject(new Error("out of reach")) });
    const answer = await operator("GET", "/v1/admin/stats", undefined, {
      env: { RECONCILER: { getByName: () => broken } },
    });
    expect(answer.status).toBe(200);
    expect(answer.body.reconciliation).toBeNull();
  });
});
