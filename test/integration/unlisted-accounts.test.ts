import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { ACCOUNTS_PER_SHARD } from "../../src/event-index/unlisted-accounts.ts";
import { shardOf } from "../../src/event-index/shard.ts";
import { getPage, signIn } from "../support/console.ts";
import { type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { allRows, emptyIndex, meterShard, runUpkeep } from "../support/summaries.ts";
import { deliver, operator, SHARDS, shardStub, storedRecord } from "../support/worker.ts";

/** Events of connected accounts that are not listed: acknowledged, not settled, and counted by account. */

let ledger: ScriptedLedger;
beforeEach(async () => {
  await emptyIndex();
  ledger = scriptLedger();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const DAY_MS = 86_400_000;
const eventOf = (account: string, envelope: object = {}) =>
  paymentIntentSucceeded({ account_id: "acc_1" }, { account, ...envelope });

const counted = async () => (await operator("GET", "/v1/admin/stats")).body.unlisted_accounts;

/** Counting goes on after the answer. */
async function untilCounted(account: string | null, events: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const all: { account: string | null; events: number }[] = await counted();
    if (all.some((one) => one.account === account && one.events === events)) return;
    await scheduler.wait(5);
  }
  throw new Error(`${account} never has ${events}`);
}

describe("a delivery of an account that is not listed", () => {
  it("→ 200 ignored, no object and no row; counted by account, first and last time", async () => {
    const event = eventOf("acct_1stranger");
    const { status, body } = await deliver(event);
    expect([status, body]).toEqual([
      200,
      {
        ok: true,
        event_id: event.id,
        event_type: event.type,
        state: "ignored",
        reason: "connected_account_not_listed",
        forwarded_to_ledger: false,
      },
    ]);
    expect(await storedRecord(event.id)).toBeUndefined();
    expect(await allRows()).toEqual([]);
    expect(ledger.requests).toEqual([]);
    await untilCounted("acct_1stranger", 1);
    const first_at = new Date().toISOString();
    vi.setSystemTime(Date.now() + 60_000);
    // In either mode: a live Connect endpoint receives both.
    await deliver(eventOf("acct_1stranger", { livemode: true }));
    await untilCounted("acct_1stranger", 2);
    expect(await counted()).toEqual([
      { account: "acct_1stranger", events: 2, first_at, last_at: new Date().toISOString() },
    ]);
  });

  it("listed → settled, and not counted", async () => {
    const settings = { env: { STRIPE_CONNECTED_ACCOUNTS: "acct_other, acct_listed" } };
    expect((await deliver(eventOf("acct_listed"), settings)).body.state).toBe("forwarded");
    await scheduler.wait(20);
    expect(await counted()).toEqual([]);
  });

  it("the index out of reach, or never answering → the same answer", async () => {
    const broken = new Proxy({}, { get: () => () => Promise.reject(new Error("out of reach")) });
    const silent = new Proxy({}, { get: () => () => new Promise(() => undefined) });
    for (const stub of [broken, silent]) {
      const overrides = { EVENT_INDEX: { getByName: () => stub } };
      expect((await deliver(eventOf("acct_1"), { env: overrides })).body.state).toBe("ignored");
    }
    expect(await counted()).toEqual([]);
  });

  it("a forged one is not counted", async () => {
    await deliver(eventOf("acct_1"), { header: "t=1,v1=00" });
    await scheduler.wait(20);
    expect(await counted()).toEqual([]);
  });
});

describe("what is counted", () => {
  const stub = shardStub(0);
  const count = (account: string, at = 5) => stub.countUnlisted(account, at);

  it("1 row for each event", async () => {
    const { rows } = await meterShard(0);
    await count("acct_1");
    await count("acct_1");
    expect(rows()).toBe(2);
  });

  it("no more accounts than a shard takes, and all the rest as one; those that are known go on", async () => {
    await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO unlisted_accounts SELECT 'acct_' || i, 1, 1, 1 FROM n`,
        ACCOUNTS_PER_SHARD,
      ),
    );
    for (const account of ["acct_new", "acct_newer", "acct_7"]) await count(account);
    const rows = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec("SELECT * FROM unlisted_accounts WHERE last_at = 5 ORDER BY account").toArray(),
    );
    expect(rows).toEqual([
      { account: "", events: 2, first_at: 5, last_at: 5 },
      { account: "acct_7", events: 2, first_at: 1, last_at: 5 },
    ]);
  });

  it.each(["", "platform", 'acct_"} 1\nforged 2', "acct_é", "a".repeat(255)])(
    "%j is no id of an account → with the others, and never in a label",
    async (account) => {
      await count(account);
      expect(await counted()).toMatchObject([{ account: null, events: 1 }]);
      const { body } = await operator("GET", "/metrics");
      expect(body).toContain('clawsettle_unlisted_account_events{account="others"} 1\n');
    },
  );

  it("purged once none has come for the retention", async () => {
    const now = Date.now();
    await shardStub(1).countUnlisted("acct_gone", now - 30 * DAY_MS);
    await shardStub(2).countUnlisted("acct_again", now - 40 * DAY_MS);
    await shardStub(2).countUnlisted("acct_again", now - 30 * DAY_MS + 1);
    await runUpkeep();
    expect(await counted()).toMatchObject([{ account: "acct_again", events: 2 }]);
  });

  it("stays in the shard that its id names", async () => {
    await deliver(eventOf("acct_shard"));
    await untilCounted("acct_shard", 1);
    const answer = await shardStub(shardOf("acct_shard", SHARDS)).stats(0);
    expect(answer).toMatchObject({ ok: true, value: { unlisted: [{ account: "acct_shard" }] } });
  });
});

describe("where it is shown", () => {
  it("in the metrics, most first", async () => {
    for (const account of ["acct_a", "acct_b", "acct_b"]) await shardStub(0).countUnlisted(account, 5);
    const { body } = await operator("GET", "/metrics");
    expect(body).toContain(
      'clawsettle_unlisted_account_events{account="acct_b"} 2\nclawsettle_unlisted_account_events{account="acct_a"} 1\n',
    );
  });

  it("on the overview, and not while there are none", async () => {
    const { cookie } = await signIn(env.SETTLE_ADMIN_KEY);
    const title = "Connected accounts that are not listed";
    expect((await getPage("/console", { cookie })).body).not.toContain(title);
    await shardStub(0).countUnlisted("acct_shown", Date.now());
    const { body } = await getPage("/console", { cookie });
    expect(body).toContain(title);
    expect(body).toContain("<code>acct_shown</code>");
    expect(body).toContain("STRIPE_CONNECTED_ACCOUNTS");
  });
});
