import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { configure, HOUR, leaveNothing, pinAccount, untilAllOver } from "../support/reconciler.ts";
import { askSandbox, newAccount, scriptLedger } from "../support/scripted-ledger.ts";
import { type ScriptedStripe, scriptStripe, stripeError } from "../support/scripted-stripe.ts";
import { emptyIndex } from "../support/summaries.ts";
import { runCron } from "../support/worker.ts";

/** What operators hear of reconciliation without asking. */

const T0 = Date.UTC(2031, 0, 1, 12);
const CHAT = "https://chat.test/hook";
/** Connected accounts have runs of their own. */
const PLATFORM_ALONE = { STRIPE_CONNECTED_ACCOUNTS: undefined };
const SWITCHED_ON = { STRIPE_API_KEY: "rk_test_reconciler", ALERT_WEBHOOK_URL: CHAT, ...PLATFORM_ALONE };

let stripe: ScriptedStripe;
let account: string;
let told: string[];
let chat: () => Response;
beforeEach(async () => {
  await emptyIndex();
  vi.setSystemTime(T0);
  told = [];
  chat = () => new Response("ok");
  stripe = scriptStripe();
  scriptLedger((request) => {
    if (request.url.href !== CHAT) return stripe.answer(request) ?? askSandbox(request);
    told.push(JSON.parse(request.body).text);
    return chat();
  });
  account = await newAccount();
  await configure(PLATFORM_ALONE);
  await pinAccount();
});
afterEach(leaveNothing);

/** The cron at this time; then whatever it started, to its end. */
async function cronAt(at: number, overrides: Record<string, unknown> = SWITCHED_ON): Promise<void> {
  vi.setSystemTime(at);
  await runCron(overrides);
  await untilAllOver();
}

const paidAt = (at: number) =>
  paymentIntentSucceeded({ account_id: account, amount: 100 }, { created: Math.floor(at / 1_000) });

describe("the watermark", () => {
  it("follows → nobody is told", async () => {
    for (let hour = 0; hour < 6; hour++) await cronAt(T0 + hour * HOUR);
    expect(told).toEqual([]);
  });

  it("falls behind → told once, with why; caught up and behind again → told again", async () => {
    await cronAt(T0);
    stripe.fault = () => stripeError(401);
    for (let hour = 1; hour < 8; hour++) await cronAt(T0 + hour * HOUR);
    expect(told).toEqual([
      `clawsettle staging: events are known to be complete only up to ${new Date(T0).toISOString()}, 4 h ago. The last run failed: stripe_unauthorized.\nLook: /console/reconciliations`,
    ]);
    stripe.fault = null;
    await cronAt(T0 + 8 * HOUR);
    await cronAt(T0 + 9 * HOUR);
    stripe.fault = () => stripeError(401);
    for (let hour = 10; hour < 15; hour++) await cronAt(T0 + hour * HOUR);
    expect(told).toHaveLength(2);
  });

  it("a connected account's falls behind, later the platform's too → each told once, by itself", async () => {
    const connected = { ...SWITCHED_ON, STRIPE_CONNECTED_ACCOUNTS: "acct_one,acct_two" };
    await configure(connected);
    await cronAt(T0, connected);
    stripe.fault = (_, __, asked) => (asked === "acct_two" ? stripeError(403) : null);
    for (let hour = 1; hour < 6; hour++) await cronAt(T0 + hour * HOUR, connected);
    const from = new Date(T0).toISOString();
    expect(told).toEqual([
      `clawsettle staging: events of acct_two are known to be complete only up to ${from}, 4 h ago. The last run failed: connected_account_refused.\nLook: /console/reconciliations`,
    ]);
    stripe.fault = (_, __, asked) => (asked === "acct_one" ? null : stripeError(401));
    for (let hour = 6; hour < 12; hour++) await cronAt(T0 + hour * HOUR, connected);
    expect(told).toHaveLength(2);
    expect(told[1]).toMatch(
      /^clawsettle staging: events are known .* The last run failed: stripe_unauthorized\.\nLook/,
    );
  });

  it("the chat does not take it → tried again by the next sweep", async () => {
    await cronAt(T0);
    stripe.fault = () => stripeError(401);
    chat = () => new Response("no", { status: 500 });
    for (let hour = 1; hour < 6; hour++) await cronAt(T0 + hour * HOUR);
    const tried = told.length;
    chat = () => new Response("ok");
    await cronAt(T0 + 6 * HOUR);
    await cronAt(T0 + 7 * HOUR);
    expect([tried > 0, told.length]).toEqual([true, tried + 1]);
  });

  it("no key → reconciliation is off, and nothing is told", async () => {
    await cronAt(T0);
    for (let hour = 1; hour < 6; hour++) {
      await cronAt(T0 + hour * HOUR, { ...SWITCHED_ON, STRIPE_API_KEY: "" });
    }
    expect(told).toEqual([]);
  });
});

describe("what an hourly run finds", () => {
  it("a delivery that never came → delivered, and told once", async () => {
    await cronAt(T0);
    stripe.events.push(paidAt(T0 + 1_000));
    for (let hour = 1; hour < 5; hour++) await cronAt(T0 + hour * HOUR);
    expect(told).toEqual([expect.stringContaining("• 1 backfilled: clawsettle had never got it")]);
    expect(told[0]).toMatch(/Look: \/console\/reconciliations\/rec_[0-9a-f]{32}$/);
  });

  it("the chat is away for hours → every run's findings are told when it is back, each once", async () => {
    await cronAt(T0);
    chat = () => new Response("no", { status: 500 });
    for (let hour = 1; hour < 4; hour++) {
      stripe.events.push(paidAt(T0 + (hour - 1) * HOUR + 1_000));
      await cronAt(T0 + hour * HOUR);
    }
    chat = () => new Response("ok");
    told = [];
    await cronAt(T0 + 4 * HOUR);
    await cronAt(T0 + 5 * HOUR);
    expect(told).toHaveLength(3);
    expect(new Set(told).size).toBe(3);
  });
});

it("a Reconciler that does not answer → told after three hours, once", async () => {
  const broken = new Proxy({}, { get: () => () => Promise.reject(new Error("out of reach")) });
  const away = { ...SWITCHED_ON, RECONCILER: { getByName: () => broken } };
  for (let hour = 0; hour < 8; hour++) {
    vi.setSystemTime(T0 + hour * HOUR);
    await runCron(away);
  }
  expect(told).toEqual([expect.stringContaining("the Reconciler has not answered for 4 h")]);
});
