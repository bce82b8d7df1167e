import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accountIdOf } from "../../scripts/lib/account-id.ts";
import {
  disputeFundsReinstated,
  disputeFundsWithdrawn,
  payoutPaid,
  paymentIntentSucceeded,
  refundCreated,
  refundFailed,
  type StripeEventBody,
  stripeEvent,
} from "../../scripts/sandbox/events/stripe-events.ts";
import {
  askSandbox,
  availableOf,
  type LedgerRequest,
  newAccount,
  newDid,
  openAccount,
  refused,
  type ScriptedLedger,
  scriptLedger,
} from "../support/scripted-ledger.ts";
import { emptyIndex } from "../support/summaries.ts";
import {
  type Answer,
  crash,
  deliver,
  operator,
  runAlarm,
  showEvent,
  storedRecord,
} from "../support/worker.ts";

/**
 * An operator says whose money it is, and what waits for that money heals: through
 * the Worker, with the sandbox ledger.
 */

const HOUR_MS = 3_600_000;

let ledger: ScriptedLedger;
/** Of the logged lines, those about what was tried after an answer. */
let healed: Record<string, unknown>[];
beforeEach(async () => {
  await emptyIndex();
  ledger = scriptLedger(answer);
  healed = [];
  vi.spyOn(console, "info").mockImplementation((line: string) => {
    const parsed = JSON.parse(line) as Record<string, unknown>;
    if (parsed["msg"] === "dependents_retried") healed.push(parsed);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The sandbox ledger; and a Stripe at which nothing names an account. */
async function answer(request: LedgerRequest): Promise<Response> {
  if (request.url.host !== "api.stripe.com") return askSandbox(request);
  return Response.json({ object: "list", data: [], has_more: false });
}

const assign = (id: string, account_id: string, more: object = {}) =>
  operator("POST", `/v1/admin/events/${id}/assign`, { account_id, actor: "ada", note: "asked her", ...more });

const retry = (id: string) => operator("POST", `/v1/admin/events/${id}/retry`, { actor: "bo" });

const askedAbout = (path: string) =>
  ledger.requests.filter(({ url }) => url.pathname.startsWith(path)).length;

let count = 0;
const newId = (prefix: string) => `${prefix}_${crypto.randomUUID().slice(0, 8)}${count++}`;

async function nobodys(amount = 1_000, more: object = {}) {
  const event = paymentIntentSucceeded({ id: newId("pi"), amount, ...more });
  expect((await deliver(event)).body).toMatchObject({ state: "failed", reason: "account_missing" });
  return event;
}

const paymentOf = (event: StripeEventBody) => String(event.data.object["id"]);

/** Delivers what must wait, and lets its retry horizon pass: from then on only an operator moves it. */
async function givenUp(...events: StripeEventBody[]): Promise<void> {
  for (const event of events) await deliver(event);
  vi.setSystemTime(Date.now() + 73 * HOUR_MS);
  for (const { id } of events) {
    await runAlarm(id);
    expect((await showEvent(id)).body).toMatchObject({ state: "failed", reason: "retry_horizon_reached" });
  }
}

/** What happens after the answer takes a moment. */
async function until(id: string, state: string): Promise<Answer> {
  for (let tries = 0; tries < 400; tries++) {
    const shown = await showEvent(id);
    if (shown.body.state === state) return shown;
    await scheduler.wait(5);
  }
  throw new Error(`${id} is never ${state}`);
}

async function untilHealed(times = 1): Promise<void> {
  for (let tries = 0; tries < 400 && healed.length < times; tries++) await scheduler.wait(5);
  expect(healed).toHaveLength(times);
}

describe("POST …/assign", () => {
  it("nobody's payment + assign → forwarded, credited, and who said so is on record", async () => {
    const event = await nobodys(1_234);
    const account = await newAccount();
    const { status, body } = await assign(event.id, account);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: "forwarded",
      settlement: {
        account_id: account,
        amount_minor: "1234",
        external_payment_id: paymentOf(event),
        metadata: { account_source: "operator" },
      },
      operator_actions: [{ action: "assign", account_id: account, actor: "ada", note: "asked her" }],
    });
    expect(body.attempt_log.at(-1)).toMatchObject({ trigger: "operator", outcome: "accepted" });
    expect(await availableOf(account)).toBe("1234");
    expect(await storedRecord(event.id)).not.toHaveProperty("body");
  });

  it("before that → what would be booked is shown", async () => {
    const event = await nobodys(1_234, { currency: "usd" });
    expect((await showEvent(event.id)).body).toMatchObject({
      settlement: null,
      money: {
        direction: "payin",
        external_payment_id: paymentOf(event),
        source_payment_id: paymentOf(event),
        amount_minor: "1234",
        currency: "USD",
      },
    });
  });

  it("a payout of nobody → settled too", async () => {
    const event = payoutPaid({ id: newId("po") });
    expect((await deliver(event)).body.reason).toBe("account_missing");
    const account = await newAccount();
    expect((await assign(event.id, account)).body).toMatchObject({
      state: "forwarded",
      settlement: { direction: "payout", account_id: account },
    });
  });

  it("an account that the ledger does not have → 422, and nothing is assigned", async () => {
    const event = await nobodys();
    const before = await storedRecord(event.id);
    const { status, body } = await assign(event.id, "acc_nobody");
    expect([status, body.code]).toEqual([422, "ACCOUNT_UNKNOWN"]);
    expect(await storedRecord(event.id)).toEqual(before);
    expect(askedAbout("/accounts/id/acc_nobody")).toBe(1);
  });

  it.each<[string, () => Response | Promise<Response>, object]>([
    ["down", () => refused(503, "DOWN"), { ledger_status: 503, ledger_code: "DOWN" }],
    [
      "refusing our key",
      () => refused(401, "UNAUTHORIZED"),
      { ledger_status: 401, ledger_code: "UNAUTHORIZED" },
    ],
    [
      "somebody else's page",
      () => new Response("<html>", { status: 404 }),
      { ledger_status: 404, ledger_code: null },
    ],
    ["unreachable", () => Promise.reject(new TypeError("lost")), { ledger_status: null, ledger_code: null }],
  ])("the ledger %s → 502, and nothing is assigned", async (_, fault, details) => {
    const event = await nobodys();
    const account = await newAccount();
    const before = await storedRecord(event.id);
    ledger.answer(fault);
    const { status, headers, body } = await assign(event.id, account);
    expect([status, body.code, body.details]).toEqual([502, "LEDGER_UNAVAILABLE", details]);
    expect(headers.get("retry-after")).not.toBeNull();
    expect(await storedRecord(event.id)).toEqual(before);
    ledger.answer(answer);
    expect((await assign(event.id, account)).body.state).toBe("forwarded");
  });

  it("again by the same actor with the same note → the same answer, and the ledger is not asked", async () => {
    const event = await nobodys();
    const account = await newAccount();
    const first = await assign(event.id, account);
    const asked = ledger.requests.length;
    const again = await assign(event.id, account);
    const { alarm_at: _, ...state } = first.body;
    expect([again.status, again.body]).toEqual([200, expect.objectContaining(state)]);
    expect(ledger.requests).toHaveLength(asked);
    expect(await availableOf(account)).toBe("1000");
  });

  it("two at the same moment, of two accounts → one wins, the other gets 409; credited once", async () => {
    const event = await nobodys();
    const accounts = [await newAccount(), await newAccount()] as const;
    const answers = await Promise.all(accounts.map((account) => assign(event.id, account)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const balances = await Promise.all(accounts.map((id) => availableOf(id)));
    expect(balances.toSorted()).toEqual(["0", "1000"]);
    const won = answers.findIndex(({ status }) => status === 200);
    expect(balances[won]).toBe("1000");
  });

  it.each<[string, () => StripeEventBody, string]>([
    ["was forwarded", () => paymentIntentSucceeded({ account_id: "acc_1" }), "forwarded"],
    ["was sent, and refused", () => paymentIntentSucceeded({ account_id: "acc_gone" }), "failed"],
    ["lacks more than an account", () => paymentIntentSucceeded({ currency: "zzz" }), "failed"],
    ["waits for its payment", () => refundCreated({ id: newId("re") }), "failed"],
    ["moves no money", () => stripeEvent("customer.created", { id: "cus_1", object: "customer" }), "ignored"],
  ])("an event that %s → 409 INVALID_STATE, and nobody is asked for the account", async (_, build, state) => {
    ledger.answer((request) =>
      request.body.includes("acc_gone") ? refused(409, "DUPLICATE_CONFLICT") : answer(request),
    );
    if (state === "forwarded") await openForwarded();
    const event = build();
    await deliver(event);
    const account = await newAccount();
    const { status, body } = await assign(event.id, account);
    expect([status, body.code, body.details]).toEqual([409, "INVALID_STATE", { state }]);
    expect(askedAbout("/accounts/id/")).toBe(0);

    async function openForwarded(): Promise<void> {
      ledger.answer(() =>
        Response.json({ settlement: { id: "stl_1" }, event: { id: "led_1" } }, { status: 201 }),
      );
    }
  });

  it("an unknown event → 404; malformed → 400", async () => {
    expect((await assign("evt_unknown", "acc_1")).body.code).toBe("EVENT_NOT_FOUND");
    expect(await storedRecord("evt_unknown")).toBeUndefined();
    for (const more of [
      { account_id: " " },
      { account_id: undefined },
      { note: "" },
      { actor: "" },
      { more: 1 },
    ])
      expect((await assign("evt_unknown", "acc_1", more)).body.code).toBe("INVALID_REQUEST");
    expect((await assign("evt_unknown", "a".repeat(256))).status).toBe(400);
    expect(ledger.requests).toEqual([]);
  });

  it("the attempt fails → 200 with what came of it, and its own alarm settles it", async () => {
    const event = await nobodys();
    const account = await newAccount();
    ledger.answer((request) => (request.method === "POST" ? refused(503) : answer(request)));
    const { status, body } = await assign(event.id, account);
    expect([status, body.state, body.settlement.account_id]).toEqual([200, "failed", account]);
    expect(body.next_retry_at).not.toBeNull();
    ledger.answer(answer);
    vi.setSystemTime(Date.now() + HOUR_MS);
    await runAlarm(event.id);
    expect((await showEvent(event.id)).body.state).toBe("forwarded");
    expect(await availableOf(account)).toBe("1000");
  });

  it("cut off in the attempt + the same call again → the attempt is made again, and credited once", async () => {
    const event = await nobodys();
    const account = await newAccount();
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    ledger.answer(async (request) => {
      const told = await answer(request);
      if (request.method !== "POST") return told;
      reached.resolve();
      await released.promise;
      return told;
    });
    const lost = assign(event.id, account);
    await reached.promise;
    ledger.answer(answer);
    await crash(event.id);
    released.resolve();
    expect((await lost).body.state).toBe("forwarded");
    expect((await assign(event.id, account)).body.state).toBe("forwarded");
    expect(await availableOf(account)).toBe("1000");
  });
});

/**
 * A refund, what failed of a second one, a dispute and what was won of it: 1,000 paid, 1,000 − 100 remain.
 */
function historyOf(payment: string): StripeEventBody[] {
  const [failed, dispute] = [newId("re"), newId("du")];
  const [taken, given] = [newId("txn"), newId("txn")];
  const withdrawal = {
    id: taken,
    object: "balance_transaction",
    amount: -300,
    currency: "usd",
    type: "adjustment",
  };
  const back = { ...withdrawal, id: given, amount: 300 };
  const of = { payment_intent: payment, currency: "usd" };
  return [
    // In the order in which they can least heal: what comes back before what was taken.
    disputeFundsReinstated({ id: dispute, ...of, amount: 300, balance_transactions: [withdrawal, back] }),
    refundFailed({ id: failed, ...of, amount: 200 }),
    disputeFundsWithdrawn({ id: dispute, ...of, amount: 300, balance_transactions: [withdrawal] }),
    refundCreated({ id: failed, ...of, amount: 200 }),
    refundCreated({ id: newId("re"), ...of, amount: 100 }),
  ];
}

describe("what waits for the payment", () => {
  it("assigned → all of it is settled, past its horizon too, whatever its order", async () => {
    const event = await nobodys(1_000);
    const others = historyOf(paymentOf(event));
    await givenUp(...others);
    const account = await newAccount();
    expect((await assign(event.id, account)).body.state).toBe("forwarded");
    for (const { id } of others) await until(id, "forwarded");
    expect(await availableOf(account)).toBe("900");
    await untilHealed();
    expect(healed).toMatchObject([{ payments: 1, found: 5, forwarded: 5, out_of_time: 0 }]);
    const [first] = others;
    expect((await showEvent(first!.id)).body.operator_actions.at(-1)).toMatchObject({
      action: "retry",
      actor: "ada",
      note: `tried again with its payment ${paymentOf(event)}`,
    });
  });

  it("assigned, and the attempt fails → it has a new horizon, and heals by its own alarms", async () => {
    const event = await nobodys(1_000);
    const refund = refundCreated({ id: newId("re"), payment_intent: paymentOf(event), amount: 100 });
    await givenUp(refund);
    const account = await newAccount();
    ledger.answer((request) => (request.body.includes(paymentOf(event)) ? refused(503) : answer(request)));
    expect((await assign(event.id, account)).body.state).toBe("failed");
    await untilHealed();
    expect((await showEvent(refund.id)).body).toMatchObject({
      state: "failed",
      reason: "ledger_unavailable",
      next_retry_at: expect.any(String),
      waits_for: { what: "payin", id: paymentOf(event) },
    });
    expect((await showEvent(event.id)).body.attempts).toBe(2);
    ledger.answer(answer);
    for (const { id } of [event, refund]) {
      vi.setSystemTime(Date.now() + HOUR_MS);
      await runAlarm(id);
    }
    await until(refund.id, "forwarded");
    expect(await availableOf(account)).toBe("900");
  });

  it("assigned again, because the answer was lost → it is tried again too", async () => {
    const event = await nobodys(1_000);
    const account = await newAccount();
    await assign(event.id, account);
    const refund = refundCreated({ id: newId("re"), payment_intent: paymentOf(event), amount: 100 });
    ledger.answer(() => refused(503));
    await givenUp(refund);
    ledger.answer(answer);
    expect((await assign(event.id, account)).status).toBe(200);
    await until(refund.id, "forwarded");
    expect(await availableOf(account)).toBe("900");
  });

  it("of another payment, or closed → not touched", async () => {
    const event = await nobodys(1_000);
    const other = refundCreated({ id: newId("re"), payment_intent: newId("pi") });
    const closed = refundCreated({ id: newId("re"), payment_intent: paymentOf(event), amount: 100 });
    const refund = refundCreated({ id: newId("re"), payment_intent: paymentOf(event), amount: 50 });
    await givenUp(other, closed, refund);
    const note = { actor: "ada", note: "booked by hand" };
    await operator("POST", `/v1/admin/events/${closed.id}/resolve`, note);
    const before = await storedRecord(other.id);
    const account = await newAccount();
    await assign(event.id, account);
    await until(refund.id, "forwarded");
    await untilHealed();
    expect(await storedRecord(other.id)).toEqual(before);
    expect((await showEvent(closed.id)).body.state).toBe("resolved");
    expect(await availableOf(account)).toBe("950");
  });
});

/** A payment for an account that is not opened yet, and its refund, both given up. */
async function unopened(amount = 1_000) {
  const did = newDid();
  const paid = paymentIntentSucceeded({ id: newId("pi"), account_id: accountIdOf(did), amount });
  const refund = refundCreated({ id: newId("re"), payment_intent: paymentOf(paid), amount: 100 });
  return { did, account: accountIdOf(did), paid, refund };
}

describe("an operator's retry that leaves a payment forwarded", () => {
  it("one event → what waits for it is settled", async () => {
    const { did, account, paid, refund } = await unopened();
    await givenUp(paid, refund);
    await openAccount(did);
    expect((await retry(paid.id)).body.state).toBe("forwarded");
    const { body } = await until(refund.id, "forwarded");
    expect(body.operator_actions).toMatchObject([{ action: "retry", actor: "bo" }]);
    expect(await availableOf(account)).toBe("900");
  });

  it("through the forwarding route → the same", async () => {
    const { did, account, paid, refund } = await unopened();
    await givenUp(paid, refund);
    await openAccount(did);
    const body = { event_id: paid.id, force: true };
    const answered = await operator("POST", "/v1/stripe/forwarding/retry", body);
    expect(answered.body).toEqual({ ok: true, attempted: 1, forwarded: 1, failed: 0 });
    await until(refund.id, "forwarded");
    expect(await availableOf(account)).toBe("900");
  });

  it("a refund → what came back of it is settled", async () => {
    const { did, account, paid, refund } = await unopened();
    const id = String(refund.data.object["id"]);
    const failed = refundFailed({ id, payment_intent: paymentOf(paid), amount: 100 });
    await openAccount(did);
    await deliver(paid);
    ledger.answer(() => refused(503));
    await givenUp(refund, failed);
    ledger.answer(answer);
    await retry(refund.id);
    await until(failed.id, "forwarded");
    expect(await availableOf(account)).toBe("1000");
  });

  it("forwarded before, and the answer was lost: 409 → what waits for it is settled all the same", async () => {
    const { did, account, paid, refund } = await unopened();
    await openAccount(did);
    ledger.answer(() => refused(503));
    await givenUp(refund);
    ledger.answer(answer);
    await deliver(paid);
    expect((await retry(paid.id)).status).toBe(409);
    await until(refund.id, "forwarded");
    expect(await availableOf(account)).toBe("900");
  });

  it("not forwarded → nothing else is tried", async () => {
    const { paid, refund } = await unopened();
    await givenUp(paid, refund);
    const before = await storedRecord(refund.id);
    expect((await retry(paid.id)).body.state).toBe("failed");
    await scheduler.wait(50);
    expect(await storedRecord(refund.id)).toEqual(before);
    expect(healed).toEqual([]);
  });

  it("many → once for all payments that it forwarded, and the report is of what was asked for", async () => {
    const all = await Promise.all([unopened(), unopened(), unopened()]);
    await givenUp(...all.flatMap(({ paid, refund }) => [paid, refund]));
    const [never, ...opened] = all;
    for (const { did } of opened) await openAccount(did);
    const filter = { type: "payment_intent.succeeded" };
    const { body } = await operator("POST", "/v1/admin/events/retry", {
      filter,
      dry_run: false,
      actor: "bo",
    });
    expect(body).toMatchObject({ matched: 3, attempted: 3, forwarded: 2, failed: 1 });
    expect(body.results).toHaveLength(3);
    for (const { refund } of opened) await until(refund.id, "forwarded");
    for (const { account } of opened) expect(await availableOf(account)).toBe("900");
    await untilHealed();
    expect(healed).toMatchObject([{ payments: 2, found: 2, forwarded: 2 }]);
    expect((await showEvent(never!.refund.id)).body.operator_actions).toEqual([]);
  });
});
