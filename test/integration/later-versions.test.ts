/**
 * After a rollback: what a later version has stored is not read, and nothing is written over it. Whoever asks
 * for it gets 503 and a time to come back; whatever else is stored is as visible as before.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { getPage, signIn } from "../support/console.ts";
import { exclusiveLane } from "../support/exclusive-lane.ts";
import {
  begin,
  inReconciler,
  leaveNothing,
  pinAccount,
  reconcile,
  scriptWorld,
  step,
  untilOver,
} from "../support/reconciler.ts";
import {
  type Answer,
  alarmAt,
  crash,
  deliver,
  operator,
  runAlarm,
  runCron,
  stubOf,
} from "../support/worker.ts";
import { scriptLedger } from "../support/scripted-ledger.ts";

const KEY = { STRIPE_API_KEY: "rk_test_reconciler" };

afterEach(async () => {
  await leaveNothing();
  vi.restoreAllMocks();
});

/** Says that a later version stored it. */
function asLater(storage: DurableObjectStorage, key: string): unknown {
  const { v = 0, ...fields } = storage.kv.get<{ v?: number }>(key) ?? {};
  const later = { ...fields, v: v + 1, unheard_of: true };
  storage.kv.put(key, later);
  return later;
}

function expectComeBack(answer: Answer): void {
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
}

it("an event's record → 503, its alarm comes again, and other events go on", async () => {
  scriptLedger();
  const payment = () => paymentIntentSucceeded({ account_id: `acc_${crypto.randomUUID()}`, amount: 1 });
  const [event, other] = [payment(), payment()];
  await deliver(event);
  const later = await runInDurableObject(stubOf(event.id), (_, { storage }) => asLater(storage, "event"));
  await crash(event.id);
  const path = `/v1/admin/events/${event.id}`;
  expectComeBack(await deliver(event));
  expectComeBack(await operator("GET", path));
  expectComeBack(await operator("POST", `${path}/retry`));
  expectComeBack(await operator("POST", `${path}/resolve`, { actor: "ana", note: "by hand" }));
  await runAlarm(event.id);
  expect(await alarmAt(event.id)).toBeGreaterThan(Date.now());
  const stored = await runInDurableObject(stubOf(event.id), (_, { storage }) => storage.kv.get("event"));
  expect(stored).toEqual(later);
  expect((await deliver(other)).status).toBe(200);
});

describe("a lane", () => {
  let account: string;
  beforeEach(async () => {
    account = `acc_${crypto.randomUUID()}`;
    await exclusiveLane(account);
  });
  const lane = () => env.ACCOUNT_LANE.getByName(account);
  const noteIn = (key: string) => runInDurableObject(lane(), (_, { storage }) => storage.kv.get(key));

  it("its mark → nothing is sent, and the event is tried again", async () => {
    const ledger = scriptLedger();
    const later = { v: 2, unheard_of: true };
    await runInDurableObject(lane(), (_, { storage }) => storage.kv.put("running_until", later));
    const answer = await deliver(paymentIntentSucceeded({ account_id: account, amount: 1 }));
    expect(answer).toMatchObject({ status: 502, body: { details: { retry_scheduled: true } } });
    expect(ledger.requests).toEqual([]);
    expect(await noteIn("running_until")).toEqual(later);
  });

  it("a movement's note → it stays closed, and the event of it cannot be opened or closed", async () => {
    const ledger = scriptLedger();
    const event = paymentIntentSucceeded({ account_id: account, amount: 1 });
    const key = `resolved:payin:${String(event.data.object["id"])}`;
    const later = { v: 2, unheard_of: true };
    await runInDurableObject(lane(), (_, { storage }) => storage.kv.put(key, later));
    const answer = await deliver(event);
    expect(answer.body.details).toMatchObject({ ledger_code: "MOVEMENT_RESOLVED" });
    expect(ledger.requests).toEqual([]);
    const path = `/v1/admin/events/${event.id}/resolve`;
    expectComeBack(await operator("POST", path, { actor: "ana", note: "by hand" }));
    expect(await noteIn(key)).toEqual(later);
  });
});

describe("the Reconciler", () => {
  beforeEach(async () => {
    scriptWorld();
    await pinAccount();
  });
  const PATH = "/v1/admin/reconciliations";
  const WINDOW = () => ({
    from: new Date(Date.now() - 60_000).toISOString(),
    to: new Date().toISOString(),
    dry_run: true,
  });
  const documentOf = (id: string) =>
    inReconciler((_, { storage }) => storage.sql.exec("SELECT run FROM runs WHERE id = ?", id).one()["run"]);

  async function laterRun(id: string): Promise<unknown> {
    await inReconciler((_, { storage }) =>
      storage.sql.exec("UPDATE runs SET run = json_set(run, '$.v', 2, '$.unheard_of', 1) WHERE id = ?", id),
    );
    return documentOf(id);
  }

  it("a run that is over → listed as unreadable, beside the others; they go on", async () => {
    const [first, second] = [await reconcile(), await reconcile()];
    const stored = await laterRun(first.id);
    const { reconciliations } = (await operator("GET", PATH)).body;
    expect(reconciliations).toEqual([
      expect.objectContaining({ id: second.id, status: "complete" }),
      { id: first.id, status: "unreadable", finished_at: first.finished_at },
    ]);
    const { cookie } = await signIn();
    const page = (await getPage("/console/reconciliations", { cookie })).body;
    expect(page).toContain(`/console/reconciliations/${second.id}`);
    expect(page).toMatch(new RegExp(`Stored by a later version.*${first.id}`));
    for (const suffix of ["", "?format=csv"])
      expectComeBack(await operator("GET", `${PATH}/${first.id}${suffix}`));
    expectComeBack(await operator("POST", `${PATH}/${first.id}/cancel`));
    expect(await reconcile()).toMatchObject({ status: "complete" });
    expect(await documentOf(first.id)).toBe(stored);
  });

  it("a run that is not over → the others wait, no hourly run starts, the watermark stays; read again, all go on", async () => {
    await runCron(KEY);
    const watermark = () => inReconciler((_, { storage }) => storage.kv.get("watermark"));
    const before = await watermark();
    const id = await begin();
    const stored = await laterRun(id);
    const waiting = await begin();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * 3_600_000 });
    await runCron(KEY);
    await step();
    const listed = (await operator("GET", PATH)).body.reconciliations;
    expect(listed).toMatchObject([
      { id: waiting, status: "running", progress: { phase: "waiting" } },
      { id, status: "unreadable", finished_at: null },
    ]);
    expect([await documentOf(id), await watermark()]).toEqual([stored, before]);

    await inReconciler((_, { storage }) =>
      storage.sql.exec(
        "UPDATE runs SET run = json_set(json_remove(run, '$.unheard_of'), '$.v', 1) WHERE id = ?",
        id,
      ),
    );
    await runCron(KEY);
    expect(await untilOver(id)).toMatchObject({ status: "complete" });
    expect(await untilOver(waiting)).toMatchObject({ status: "complete" });
  });

  it.each(["watermark", "bounds", "account"])(
    "the %s → 503, no run starts or ends, and it stays",
    async (key) => {
      await runCron(KEY);
      const later = await inReconciler((_, { storage }) => asLater(storage, key));
      const runs = () =>
        inReconciler((_, { storage }) => storage.sql.exec("SELECT count(*) AS n FROM runs").one());
      const before = await runs();
      expectComeBack(await operator("GET", PATH));
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * 3_600_000 });
      await runCron(KEY);
      if (key === "bounds") expectComeBack(await operator("POST", PATH, WINDOW(), { env: KEY }));
      expect(await runs()).toEqual(before);
      expect(await inReconciler((_, { storage }) => storage.kv.get(key))).toEqual(later);
    },
  );
});
