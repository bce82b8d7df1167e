import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { getPage, signIn } from "../support/console.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { emptyIndex } from "../support/summaries.ts";
import {
  alarmAt,
  type Answer,
  crash,
  deliver,
  operator,
  runAlarm,
  runCron,
  showEvent,
  stubOf,
  withOverrides,
} from "../support/worker.ts";

/** A setting that changes the meaning of what is stored is stored itself, and a change has a rule. */

const READ_KEY = "test-settle-read-key";
const OTHER = "https://renamed.example";
const PINNED = "https://ledger.example";
type Overrides = Record<string, unknown>;

let ledger: ScriptedLedger;
beforeEach(async () => {
  await emptyIndex();
  ledger = scriptLedger();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const later = (ms: number) => vi.setSystemTime(Date.now() + ms);
const payment = () => paymentIntentSucceeded({ account_id: "acc_1", amount: 1_234 });

/** A deployment with stored settings of its own. Each call of `with` is one more deploy of it. */
function newDeployment() {
  const name = crypto.randomUUID();
  const asked: string[] = [];
  const STORED_SETTINGS = {
    getByName: (object: string) => {
      asked.push(object);
      return env.STORED_SETTINGS.getByName(name);
    },
  };
  return {
    asked,
    with: (settings: Overrides = {}): Overrides => ({
      STRIPE_API_KEY: undefined,
      LEDGER_BASE_URL: PINNED,
      ...settings,
      STORED_SETTINGS,
    }),
  };
}

const health = (overrides: Overrides, key: string | null = READ_KEY) =>
  operator("GET", "/health", undefined, { key, env: overrides });

/** The settings of {@link health} by name, but for when they were stored. */
async function settingsOf(overrides: Overrides): Promise<Record<string, unknown>> {
  const { body } = await health(overrides);
  const settings: { name: string; value: string; changed_from: string | null }[] = body.settings;
  return Object.fromEntries(
    settings.map(({ name, value, changed_from }) => [
      name,
      changed_from === null ? value : { value, changed_from },
    ]),
  );
}

const confirm = (overrides: Overrides, body: object = {}) =>
  operator(
    "POST",
    "/v1/admin/settings/confirm",
    { setting: "LEDGER_BASE_URL", actor: "ada", note: "the host was renamed", ...body },
    { env: overrides },
  );

function logged(): () => string {
  const spies = (["info", "warn", "error"] as const).map((level) => vi.spyOn(console, level));
  return () => spies.flatMap((spy) => spy.mock.calls.flat()).join("\n");
}

/** Any call of these objects is noted. */
function untouchable(touched: string[]): Overrides {
  const names = ["STRIPE_EVENT", "EVENT_INDEX", "RECONCILER", "ACCOUNT_LANE"];
  return Object.fromEntries(
    names.map((name) => {
      const getByName = () => {
        touched.push(name);
        throw new Error("no object may be asked");
      };
      return [name, { getByName, jurisdiction: () => ({ getByName }) }];
    }),
  );
}

describe("the first values that are seen", () => {
  it("are stored, with the time, and shown to operators alone", async () => {
    const deployment = newDeployment();
    const { body } = await health(deployment.with());
    const since = new Date(Date.now()).toISOString();
    expect(body.settings).toContainEqual({
      name: "LEDGER_BASE_URL",
      value: PINNED,
      since,
      changed_from: null,
    });
    expect(await settingsOf(deployment.with())).toEqual({
      DATA_JURISDICTION: "none",
      SETTLE_ENV: "staging",
      EVENT_INDEX_SHARDS: "8",
      LEDGER_BASE_URL: PINNED,
      LEDGER_CURRENCIES: "EUR,GBP,JPY,KWD,USD,XCG",
      EVENT_RETENTION_DAYS: "30",
      STRIPE_ACCOUNT_METADATA_KEY: "account_id",
    });
    expect((await health(deployment.with(), null)).body).not.toHaveProperty("settings");
  });

  it("are asked for once per isolate, however many deliveries come", async () => {
    const deployment = newDeployment();
    const isolate = deployment.with();
    for (let n = 0; n < 3; n++) expect((await deliver(payment(), { env: isolate })).status).toBe(200);
    expect(deployment.asked).toEqual(["settings"]);
    await deliver(payment(), { env: deployment.with() });
    expect(deployment.asked).toHaveLength(2);
  });

  it("a forged delivery → they are not asked for", async () => {
    const deployment = newDeployment();
    const forged = await deliver(payment(), { env: deployment.with(), secret: "whsec_somebody_elses" });
    expect([forged.status, deployment.asked]).toEqual([401, []]);
  });
});

describe.each<[string, Overrides, Overrides, string]>([
  [
    "DATA_JURISDICTION",
    {},
    { DATA_JURISDICTION: "eu" },
    'DATA_JURISDICTION: fixed as "none", now it is "eu". Set it back.',
  ],
  [
    "SETTLE_ENV",
    { SETTLE_ENV: "production", SETTLE_READ_KEY: "r".repeat(20) },
    { SETTLE_ENV: "staging", SETTLE_READ_KEY: "r".repeat(20) },
    'SETTLE_ENV: fixed as "production", now it is "staging". Set it back.',
  ],
  [
    "EVENT_INDEX_SHARDS",
    { EVENT_INDEX_SHARDS: "12" },
    { EVENT_INDEX_SHARDS: "8" },
    'EVENT_INDEX_SHARDS: fixed as "12", now it is "8". Set it back.',
  ],
  [
    "LEDGER_BASE_URL",
    {},
    { LEDGER_BASE_URL: OTHER },
    `LEDGER_BASE_URL: fixed as "${PINNED}", now it is "${OTHER}". Set it back, or confirm that it is the same ledger.`,
  ],
])("%s changed: refused", (name, first, second, sentence) => {
  /** As production demands them, which this may be. */
  const key = "a".repeat(20);
  const secrets = {
    STRIPE_WEBHOOK_SIGNING_SECRET: "whsec_test_new_as_long_as_stripes",
    SETTLE_ADMIN_KEY: key,
  };

  async function changed() {
    const deployment = newDeployment();
    const before = deployment.with({ ...secrets, ...first });
    await health(before, null);
    const touched: string[] = [];
    const overrides = { ...deployment.with({ ...secrets, ...second }), ...untouchable(touched) };
    return { before: { ...before }, overrides, touched };
  }
  const refusal = { code: "DEPENDENCY_NOT_CONFIGURED", details: { missing: [], invalid: [name] } };

  it("a delivery → 503 with the name and no value; no object is asked", async () => {
    const { overrides, touched } = await changed();
    const answer = await deliver(payment(), { env: overrides });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(answer.body).toMatchObject(refusal);
    expect(answer.body.details).toEqual(refusal.details);
    expect(touched).toEqual([]);
  });

  it("what Stripe signed and is refused anyway, and events of accounts that are not listed → 503 too", async () => {
    const { overrides, touched } = await changed();
    for (const event of [
      { ...payment(), livemode: "?" },
      { ...payment(), account: "acct_stranger" },
    ]) {
      expect((await deliver(event, { env: overrides })).status).toBe(503);
    }
    expect(touched).toEqual([]);
  });

  it("GET /health → 503 by name for everybody; with values for operators", async () => {
    const { overrides, touched } = await changed();
    const open = await health(overrides, null);
    expect([open.status, open.body.details]).toEqual([503, refusal.details]);
    const { status, body } = await health(overrides, key);
    expect([status, body.details]).toEqual([503, { ...refusal.details, refused: [sentence] }]);
    expect(touched).toEqual([]);
  });

  it("operators' routes and the console → 503, which says what is refused", async () => {
    const { overrides, touched } = await changed();
    for (const path of ["/v1/admin/events", "/v1/admin/events/evt_1", "/v1/admin/stats", "/metrics"]) {
      const answer = await operator("GET", path, undefined, {
        key: key,
        env: overrides,
      });
      expect([path, answer.status, answer.body.details?.refused]).toEqual([path, 503, [sentence]]);
    }
    const { cookie } = await signIn(key, "Ada", overrides);
    const page = await getPage("/console", { cookie, env: overrides });
    expect(page.status).toBe(503);
    expect(page.body).toContain("A setting may not change");
    expect(page.body).toContain(sentence.replaceAll('"', "&quot;"));
    expect(touched).toEqual([]);
  });

  it("the cron → nothing is swept, nothing stored, and the log says why", async () => {
    const { overrides, touched, before } = await changed();
    const lines = logged();
    await runCron(overrides);
    expect(touched).toEqual([]);
    expect(lines()).toContain(`"msg":"setting_refused","setting":"${name}"`);
    expect(lines()).toContain(`"msg":"unconfigured","missing":"","invalid":"${name}"`);
    expect((await health(before, null)).status).toBe(200);
  });

  it("set back → as before", async () => {
    const { overrides, before } = await changed();
    expect((await health(overrides, null)).status).toBe(503);
    expect((await health(before, null)).status).toBe(200);
  });
});

describe("a change that is taken", () => {
  const AFTER = {
    LEDGER_CURRENCIES: "USD",
    EVENT_RETENTION_DAYS: "60",
    STRIPE_ACCOUNT_METADATA_KEY: "ledger_account",
  };

  it("holds at once; the sweep stores and logs it, once", async () => {
    const deployment = newDeployment();
    await health(deployment.with());
    later(60_000);
    const after = deployment.with(AFTER);
    expect((await deliver(payment(), { env: after })).status).toBe(200);
    expect(await settingsOf(after)).toMatchObject({ EVENT_RETENTION_DAYS: "30" });
    const lines = logged();
    await runCron(after);
    const changes = [
      `{"level":"warn","msg":"setting_changed","setting":"LEDGER_CURRENCIES","from":"EUR,GBP,JPY,KWD,USD,XCG","to":"USD"}`,
      `{"level":"warn","msg":"setting_changed","setting":"EVENT_RETENTION_DAYS","from":"30","to":"60"}`,
      `{"level":"warn","msg":"setting_changed","setting":"STRIPE_ACCOUNT_METADATA_KEY","from":"account_id","to":"ledger_account"}`,
    ];
    for (const line of changes) expect(lines().split("\n")).toContain(line);
    expect(await settingsOf(after)).toMatchObject({
      LEDGER_BASE_URL: PINNED,
      EVENT_RETENTION_DAYS: { value: "60", changed_from: "30" },
    });
    await runCron(after);
    expect(lines().match(/"setting_changed"/g)).toHaveLength(changes.length);
  });

  it("more shards → taken, and fewer than those are refused from then on", async () => {
    const deployment = newDeployment();
    await health(deployment.with(), null);
    const more = deployment.with({ EVENT_INDEX_SHARDS: "12" });
    expect((await health(more, null)).status).toBe(200);
    await runCron(more);
    expect((await health(deployment.with({ EVENT_INDEX_SHARDS: "11" }), null)).status).toBe(503);
    expect((await health(deployment.with({ EVENT_INDEX_SHARDS: "12" }), null)).status).toBe(200);
  });

  it("an isolate that has accepted before another version changed them → its sweep takes nothing back", async () => {
    const deployment = newDeployment();
    const old = deployment.with();
    await runCron(old);
    await runCron(deployment.with({ EVENT_INDEX_SHARDS: "12" }));
    await runCron(old);
    expect(await settingsOf(deployment.with({ EVENT_INDEX_SHARDS: "12" }))).toMatchObject({
      EVENT_INDEX_SHARDS: { value: "12", changed_from: "8" },
    });
  });

  it("is on the overview for 30 days: from what to what, and when", async () => {
    const deployment = newDeployment();
    await runCron(deployment.with());
    later(60_000);
    const after = deployment.with({ EVENT_RETENTION_DAYS: "60" });
    await runCron(after);
    const overview = async () => {
      const { cookie } = await signIn(env.SETTLE_ADMIN_KEY, "Ada", after);
      return (await getPage("/console", { cookie, env: after })).body;
    };
    expect(await overview()).toMatch(
      /<code>EVENT_RETENTION_DAYS<\/code><\/td><td[^>]*>30<\/td><td[^>]*>60<\/td>/,
    );
    later(31 * 86_400_000);
    await runCron(after);
    expect(await overview()).not.toContain("EVENT_RETENTION_DAYS");
  });
});

describe("POST /v1/admin/settings/confirm", () => {
  /** What a look-up at the ledger hears. */
  const holds = (fields: object = {}) =>
    Response.json({
      settlements: [
        {
          id: "stl_1",
          direction: "payin",
          status: "confirmed",
          account_id: "acc_1",
          amount_minor: "1234",
          currency: "USD",
          latest_event_id: "led_1",
          ...fields,
        },
      ],
    });

  /** Forwarded to the ledger at {@link PINNED}, whose address is another one now. */
  async function renamed(payments = 1) {
    const deployment = newDeployment();
    await health(deployment.with(), null);
    for (let n = 0; n < payments; n++) {
      expect((await deliver(payment(), { env: deployment.with() })).body.state).toBe("forwarded");
      later(1_000);
    }
    const overrides = deployment.with({ LEDGER_BASE_URL: OTHER });
    expect((await health(overrides, null)).status).toBe(503);
    later(2_000);
    const before = ledger.requests.length;
    return { deployment, overrides, asked: () => ledger.requests.slice(before).map(({ url }) => url.href) };
  }

  it("the ledger there holds the five latest payments → stored, logged, and it goes on", async () => {
    const { deployment, overrides, asked } = await renamed(6);
    ledger.answer(() => holds());
    const lines = logged();
    const answer = await confirm(overrides);
    expect([answer.status, answer.body.settlements_compared]).toEqual([200, 5]);
    expect(answer.body.settings).toContainEqual({
      name: "LEDGER_BASE_URL",
      value: OTHER,
      since: new Date(Date.now()).toISOString(),
      changed_from: PINNED,
    });
    expect(asked()).toHaveLength(5);
    for (const url of asked()) expect(url).toMatch(/^https:\/\/renamed\.example\/.*direction=payin$/);
    expect(lines()).toContain(
      `"setting":"LEDGER_BASE_URL","from":"${PINNED}","to":"${OTHER}","actor":"ada","note":"the host was renamed"`,
    );
    expect((await deliver(payment(), { env: overrides })).status).not.toBe(503);
    expect((await health(deployment.with(), null)).status, "the old address, as after a rollback").toBe(200);
  });

  it.each<[string, () => Response]>([
    ["does not hold the latest", () => refused(404, "NOT_FOUND")],
    ["holds it of another account", () => holds({ account_id: "acc_2" })],
    ["holds it with another amount", () => holds({ amount_minor: "1235" })],
    ["holds it in another currency", () => holds({ currency: "EUR" })],
  ])("the ledger there %s → 409, and it stays refused", async (_, answer) => {
    const { overrides } = await renamed();
    ledger.answer(answer);
    const { status, body } = await confirm(overrides);
    expect([status, body.code]).toEqual([409, "INVALID_STATE"]);
    expect(body.error).toContain("it is another one");
    later(2_000);
    expect((await health(overrides, null)).status).toBe(503);
  });

  it("the ledger there does not answer, or refuses the key → 502, and it stays refused", async () => {
    const { overrides } = await renamed();
    for (const status of [503, 401]) {
      ledger.answer(() => refused(status));
      const answer = await confirm(overrides);
      expect([answer.status, answer.body.code]).toEqual([502, "LEDGER_UNAVAILABLE"]);
    }
    later(2_000);
    expect((await health(overrides, null)).status).toBe(503);
  });

  it("nothing was forwarded yet → the operator's word is enough", async () => {
    const { overrides } = await renamed(0);
    expect((await confirm(overrides)).body.settlements_compared).toBe(0);
    later(2_000);
    expect((await health(overrides, null)).status).toBe(200);
  });

  it.each<[string, object]>([
    ["the address has not changed", {}],
    ["a setting that is taken anyway", { setting: "EVENT_RETENTION_DAYS" }],
    ["a setting that is fixed", { setting: "SETTLE_ENV" }],
  ])("%s → 409", async (_, body) => {
    const deployment = newDeployment();
    await health(deployment.with(), null);
    const answer = await confirm(deployment.with({ EVENT_RETENTION_DAYS: "7" }), body);
    expect([answer.status, answer.body.code]).toEqual([409, "INVALID_STATE"]);
  });

  it("another setting is refused besides → 503, and the ledger is not asked", async () => {
    const { deployment, asked } = await renamed();
    const both = deployment.with({ LEDGER_BASE_URL: OTHER, EVENT_INDEX_SHARDS: "4" });
    const { status, body } = await confirm(both);
    expect([status, body.details.invalid]).toEqual([503, ["EVENT_INDEX_SHARDS"]]);
    expect(asked()).toEqual([]);
  });

  it("a setting that is none, or no note → 400; the read key → 403", async () => {
    const { overrides } = await renamed();
    for (const body of [{ setting: "LEDGER_ADMIN_KEY" }, { note: "" }]) {
      expect((await confirm(overrides, body)).status).toBe(400);
    }
    const options = { key: READ_KEY, env: overrides };
    expect((await operator("POST", "/v1/admin/settings/confirm", {}, options)).status).toBe(403);
  });
});

describe("the stored settings are out of reach", () => {
  const broken = {
    getByName: () => new Proxy({}, { get: () => () => Promise.reject(new Error("out of reach")) }),
  };

  it("a new isolate → 503, nothing is taken; it goes on by itself", async () => {
    const touched: string[] = [];
    const STORED_SETTINGS = { ...broken };
    const overrides = { STORED_SETTINGS, ...untouchable(touched) };
    const answer = await deliver(payment(), { env: overrides });
    expect([answer.status, answer.body.details]).toEqual([503, { missing: ["STORED_SETTINGS"] }]);
    expect(touched).toEqual([]);
    STORED_SETTINGS.getByName = () => env.STORED_SETTINGS.getByName("settings") as never;
    expect((await health(overrides, null)).status, "asked once a second").toBe(503);
    later(1_000);
    expect((await health(overrides, null)).status).toBe(200);
  });

  it("an isolate that has asked before → goes on", async () => {
    const deployment = newDeployment();
    const isolate = deployment.with();
    await deliver(payment(), { env: isolate });
    (isolate["STORED_SETTINGS"] as typeof broken).getByName = broken.getByName as never;
    expect((await deliver(payment(), { env: isolate })).status).toBe(200);
  });

  it("a record of a newer version → 503, and it is not written over", async () => {
    const name = crypto.randomUUID();
    const newer = { v: 2, settings: "of another shape" };
    const stub = env.STORED_SETTINGS.getByName(name);
    await runInDurableObject(stub, (_, { storage }) => storage.kv.put("settings", newer));
    const STORED_SETTINGS = { getByName: () => env.STORED_SETTINGS.getByName(name) };
    expect((await deliver(payment(), { env: { STORED_SETTINGS } })).status).toBe(503);
    expect(await runInDurableObject(stub, (_, { storage }) => storage.kv.get("settings"))).toEqual(newer);
  });
});

describe("an object of another version than the Worker that calls it", () => {
  /** The next instance of the object has other settings than are stored. */
  async function redeploy(stub: DurableObjectStub<undefined>, overrides: Overrides): Promise<void> {
    const value = withOverrides({ ...overrides, STORED_SETTINGS: env.STORED_SETTINGS });
    await runInDurableObject(stub, (object) => {
      Object.defineProperty(object, "env", { value, configurable: true });
    });
  }

  const failedOnce = async () => {
    ledger.answer(() => refused(503));
    const event = payment();
    expect((await deliver(event)).status).toBe(502);
    await crash(event.id);
    ledger.answer(() => accepted());
    return event;
  };
  const sent = (answer: Answer, before: number) => [answer.status, ledger.requests.length - before];

  it("an event with another ledger: its alarm sends nothing, and comes again in a minute", async () => {
    const event = await failedOnce();
    await redeploy(stubOf(event.id) as never, { LEDGER_BASE_URL: OTHER });
    const before = ledger.requests.length;
    const lines = logged();
    await runAlarm(event.id);
    expect(ledger.requests.length).toBe(before);
    expect(lines()).toContain(`"msg":"alarm_unconfigured","missing":"LEDGER_BASE_URL"`);
    expect(await alarmAt(event.id)).toBe(Date.now() + 60_000);
  });

  it("an event with another ledger: a delivery of an old Worker → 503, nothing is sent; set back, it settles", async () => {
    const event = await failedOnce();
    await redeploy(stubOf(event.id) as never, { LEDGER_BASE_URL: OTHER });
    const before = ledger.requests.length;
    expect(sent(await deliver(event, { atOnce: true }), before)).toEqual([503, 0]);
    await crash(event.id);
    later(60_000);
    expect((await deliver(event)).body.state).toBe("forwarded");
  });

  it("a lane with another ledger → nothing is sent; the attempt's outcome is unknown, and it is tried again", async () => {
    const account_id = `acc_${crypto.randomUUID()}`;
    const event = paymentIntentSucceeded({ account_id, amount: 1_234 });
    await redeploy(env.ACCOUNT_LANE.getByName(account_id) as never, { LEDGER_BASE_URL: OTHER });
    const before = ledger.requests.length;
    expect(sent(await deliver(event), before)).toEqual([502, 0]);
    expect((await showEvent(event.id)).body).toMatchObject({ state: "failed", reason: "ledger_unknown" });
  });

  it("the Reconciler with another ledger → its run takes no step, and goes on when it is set back", async () => {
    const stub = env.RECONCILER.getByName("reconciler");
    const [from, to] = [new Date(Date.now() - 3_600_000), new Date(Date.now())];
    const started = await operator("POST", "/v1/admin/reconciliations", { from, to, dry_run: true });
    expect(started.status).toBe(202);
    await redeploy(stub as never, { LEDGER_BASE_URL: OTHER });
    const before = ledger.requests.length;
    await runDurableObjectAlarm(stub);
    expect(ledger.requests.length).toBe(before);
    const run = await operator("GET", `/v1/admin/reconciliations/${started.body.id}`);
    expect(run.body).toMatchObject({ status: "running", started_at: null });
    await redeploy(stub as never, {});
    await runDurableObjectAlarm(stub);
    expect(ledger.requests.length).toBeGreaterThan(before);
  });
});
