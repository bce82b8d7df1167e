/** What the pages show, and what their forms do. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  payoutPaid,
  paymentIntentSucceeded,
  refundCreated,
  refundFailed,
  stripeEvent,
} from "../../scripts/sandbox/events/stripe-events.ts";
import { getPage, postForm, type SignedIn, signIn } from "../support/console.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { deliver, showEvent, untilPublished } from "../support/worker.ts";

const READ_KEY = "test-settle-read-key";

let ledger: ScriptedLedger;
let ada: SignedIn;
beforeEach(async () => {
  ledger = scriptLedger();
  ada = await signIn();
});
afterEach(() => vi.restoreAllMocks());

const succeeded = (amount = 1234, currency = "usd") =>
  paymentIntentSucceeded({ account_id: "acct_1", amount, currency });

async function failing(status = 503, code = "SERVICE_UNAVAILABLE") {
  ledger.answer(() => refused(status, code));
  const event = succeeded();
  await deliver(event);
  return event;
}

const eventPage = (id: string, visit = ada) => getPage(`/console/events/${id}`, { cookie: visit.cookie });

describe("the overview", () => {
  it("open money per currency, exact; links to what is open; the latest events", async () => {
    ledger.answer(() => refused(503));
    const large = succeeded(9_007_199_254_740_991);
    await deliver(large);
    await deliver(succeeded(5_000, "jpy"));
    await deliver(succeeded(12_345, "kwd"));
    const { status, body } = await getPage("/console", { cookie: ada.cookie });
    expect(status).toBe(200);
    expect(body).toContain("USD\u00a090,071,992,547,409.91");
    expect(body).toContain("JPY\u00a05,000");
    expect(body).toContain("KWD\u00a012.345");
    expect(body).toContain("events are open");
    expect(body).toContain(`href="/console/events/${large.id}"`);
    expect(body).toContain("/console/live/7");
  });
});

describe("the list", () => {
  it("by state, by payment and by account; what matches nothing says so", async () => {
    const event = await failing();
    const payment = String(event.data.object["id"]);
    for (const query of ["state=failed", `payment_id=${payment}`, "account_id=acct_1"]) {
      const { body } = await getPage(`/console/events?${query}`, { cookie: ada.cookie });
      expect(body).toContain(event.id);
    }
    const none = await getPage("/console/events?state=resolved&account_id=acct_nobody", {
      cookie: ada.cookie,
    });
    expect(none.body).toContain("No event matches this filter.");
  });

  it("pages by cursor: older, and back to the newest", async () => {
    await deliver(succeeded());
    await deliver(succeeded());
    const first = await getPage("/console/events?limit=1", { cookie: ada.cookie });
    const next = /href="([^"]+)"[^>]*>\s*Older/.exec(first.body)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(next).toMatch(/^\/console\/events\?limit=1&cursor=/);
    const second = await getPage(next, { cookie: ada.cookie });
    expect(second.body).toMatch(/href="\/console\/events\?limit=1"[^>]*>\s*← Newest/);
    const idIn = (body: string) => /id="row-(evt_\w+)"/.exec(body)?.[1];
    expect(idIn(second.body)).not.toBe(idIn(first.body));
  });

  it("a filter that cannot be read → 400 that says why, with the form as it was", async () => {
    const answer = await getPage("/console/events?type=NO&account_id=acct_1", { cookie: ada.cookie });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain("This cannot be read");
    expect(answer.body).toContain('value="acct_1"');
  });

  it.each([
    ["evt_123", "/console/events/evt_123"],
    ["pi_123", "/console/events?payment_id=pi_123"],
    ["re_1", "/console/events?payment_id=re_1"],
    ["ch_1", "/console/events?payment_id=ch_1"],
    ["po_1", "/console/events?payment_id=po_1"],
    ["dp_1", "/console/events?payment_id=dp_1"],
    ["du_1", "/console/events?payment_id=du_1"],
    ["acc_1", "/console/events?account_id=acc_1"],
    ["evt_<b>", "/console/events?account_id=evt_%3Cb%3E"],
  ])("a search for %s → %s", async (q, location) => {
    const answer = await getPage(`/console/events?${new URLSearchParams({ q })}`, { cookie: ada.cookie });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, location]);
  });
});

describe("one event", () => {
  it("failed(permanent) → why, what the ledger said, what to do", async () => {
    const event = await failing(409, "DUPLICATE_CONFLICT");
    const { status, body } = await eventPage(event.id);
    expect(status).toBe(200);
    for (const text of [
      "failed, needs you",
      "The ledger refused the settlement for good.",
      "The ledger holds this payment with another account, amount or currency.",
      "DUPLICATE_CONFLICT",
      "Attempt 1, after a delivery",
      "USD\u00a012.34",
      `stripe:event:${event.id}`,
      `/v1/admin/events/${event.id}/watch`,
    ]) {
      expect(body).toContain(text);
    }
  });

  it("failed(healing) → when it is tried again", async () => {
    const event = await failing();
    const { body } = await eventPage(event.id);
    expect(body).toContain("failed, retrying");
    expect(body).toContain("Next retry");
  });

  it("forwarded → the ledger's settlement, and nothing left to do", async () => {
    const event = succeeded();
    await deliver(event);
    const { body } = await eventPage(event.id);
    expect(body).toContain("stl_1");
    expect(body).not.toContain("Retry now");
  });

  it.each(["evt_unknown", "nonsense", "evt_%3Cscript%3E"])("%s → 404, explained", async (id) => {
    const answer = await getPage(`/console/events/${id}`, { cookie: ada.cookie });
    expect(answer.status).toBe(404);
    expect(answer.body).toContain("No such event");
  });

  it("broken configuration → 503 that names what is missing", async () => {
    const broken = { LEDGER_ADMIN_KEY: undefined };
    for (const path of ["/console", "/console/events", "/console/events/evt_1", "/console/retry?count=1"]) {
      const answer = await getPage(path, { cookie: ada.cookie, env: broken });
      expect(answer.status).toBe(503);
      expect(answer.body).toContain("LEDGER_ADMIN_KEY");
    }
  });
});

describe("retry and resolve", () => {
  it("failed + retry → one attempt, with name and note on record; the page says what came of it", async () => {
    const event = await failing();
    ledger.answer(() => accepted());
    const fields = { csrf: ada.csrf, note: "account made" };
    const answer = await postForm(`/console/events/${event.id}/retry`, fields, ada);
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe(`/console/events/${event.id}?done=forwarded`);
    const page = await getPage(answer.headers.get("location") ?? "", ada);
    expect(page.body).toContain("One attempt was made, and the ledger accepted.");
    expect(page.body).toContain("account made");
    const { body: state } = await showEvent(event.id);
    expect(state.operator_actions).toMatchObject([{ action: "retry", actor: "Ada", note: "account made" }]);
  });

  it("failed + retry that the ledger refuses again → the page says so", async () => {
    const event = await failing();
    const answer = await postForm(`/console/events/${event.id}/retry`, { csrf: ada.csrf }, ada);
    expect(answer.headers.get("location")).toBe(`/console/events/${event.id}?done=failed`);
  });

  it("failed + resolve → resolved; without a note → 400 and still failed", async () => {
    const event = await failing(400);
    const path = `/console/events/${event.id}/resolve`;
    expect((await postForm(path, { csrf: ada.csrf, note: "  " }, ada)).status).toBe(400);
    expect((await showEvent(event.id)).body.state).toBe("failed");
    expect((await postForm(path, { csrf: ada.csrf, note: "booked by hand" }, ada)).status).toBe(303);
    expect((await showEvent(event.id)).body).toMatchObject({
      state: "resolved",
      operator_actions: [{ action: "resolve", actor: "Ada", note: "booked by hand" }],
    });
  });

  it("forwarded + retry → 409, explained, and no request to the ledger", async () => {
    const event = succeeded();
    await deliver(event);
    const answer = await postForm(`/console/events/${event.id}/retry`, { csrf: ada.csrf }, ada);
    expect(answer.status).toBe(409);
    expect(answer.body).toContain("The event is forwarded by now");
    expect(ledger.requests).toHaveLength(1);
  });

  it.each(["retry", "assign", "resolve"])("unknown + %s → 404, and no object is written", async (act) => {
    const fields = { csrf: ada.csrf, note: "x" };
    expect((await postForm(`/console/events/evt_unknown/${act}`, fields, ada)).status).toBe(404);
    expect((await showEvent("evt_unknown")).status).toBe(404);
  });
});

describe("assigning an account", () => {
  /** A payout that names no account, and a ledger that has one. */
  async function nobodys(): Promise<string> {
    const event = payoutPaid({ id: "po_nobodys", amount: 129_900, currency: "usd" });
    await deliver(event);
    ledger.answer(({ url }) => {
      if (url.pathname === "/accounts/id/acc_1") return Response.json({ id: "acc_1" });
      return url.pathname.startsWith("/accounts/") ? refused(404, "NOT_FOUND") : accepted();
    });
    return event.id;
  }
  const assign = (id: string, fields: Record<string, string>, visit = ada) =>
    postForm(`/console/events/${id}/assign`, { csrf: visit.csrf, ...fields }, visit);

  it("nobody's event → why, and a form that shows what would be booked", async () => {
    const { body } = await eventPage(await nobodys());
    expect(body).toContain("Nobody knows whose money this is");
    const [, form = ""] = body.split('<details id="assign"');
    expect(form.split("</details>")[0]).toMatch(/^ class="action" name="action">/);
    for (const shown of ["USD\u00a01,299.00", "payout", "<code>po_nobodys</code>", "Ada"])
      expect(form.split("</details>")[0]).toContain(shown);
  });

  it("assigned → done, said on the page, and in the timeline", async () => {
    const id = await nobodys();
    const answer = await assign(id, { account_id: " acc_1 ", note: "asked the customer" });
    expect([answer.status, answer.headers.get("location")]).toEqual([
      303,
      `/console/events/${id}?done=assigned`,
    ]);
    const { body } = await getPage(`/console/events/${id}?done=assigned`, { cookie: ada.cookie });
    expect(body).toContain("The account is assigned, and one attempt was made.");
    expect(body).toContain("assigned it to <code>acc_1</code>");
    expect(body).toContain("asked the customer");
    expect(body).not.toContain('id="assign"');
    expect((await showEvent(id)).body).toMatchObject({
      state: "forwarded",
      operator_actions: [{ action: "assign", account_id: "acc_1", actor: "Ada", note: "asked the customer" }],
    });
  });

  it.each<[string, string, () => Response, number]>([
    ["unknown to the ledger", "The ledger has no such account.", () => refused(404, "NOT_FOUND"), 422],
    ["of which the ledger says nothing", "The ledger did not say", () => refused(503), 502],
  ])(
    "an account %s → said beside the field, with the form as it was; nothing is assigned",
    async (...row) => {
      const [, problem, answer, expected] = row;
      const id = await nobodys();
      ledger.answer(answer);
      const before = (await showEvent(id)).body;
      const { status, body } = await assign(id, { account_id: 'acc_"2', note: "guess <b>" });
      expect(status).toBe(expected);
      expect(body).toContain('<details id="assign" class="action" name="action" open="">');
      expect(body).toMatch(
        /<input [^>]*value="acc_&quot;2" aria-invalid="true" aria-describedby="account-problem"/,
      );
      expect(body).toMatch(new RegExp(`<span id="account-problem" class="problem-text">${problem}`));
      expect(body).toContain("guess &lt;b&gt;</textarea>");
      expect(body).toContain("Nothing was assigned.");
      expect((await showEvent(id)).body).toEqual(before);
    },
  );

  it("without a note, or without an account → 400, said beside the field", async () => {
    const id = await nobodys();
    const without = {
      note: await assign(id, { account_id: "acc_1" }),
      account: await assign(id, { note: "x" }),
    };
    for (const [field, { status, body }] of Object.entries(without)) {
      expect(status).toBe(400);
      expect(body).toContain(`<span id="${field}-problem"`);
      expect(body.match(/class="problem-text"/g)).toHaveLength(1);
    }
    expect((await showEvent(id)).body.operator_actions).toEqual([]);
  });

  it("assigned by somebody else meanwhile → 409, explained", async () => {
    const id = await nobodys();
    await assign(id, { account_id: "acc_1", note: "x" });
    const answer = await assign(id, { account_id: "acc_1", note: "y" });
    expect(answer.status).toBe(409);
    expect(answer.body).toContain("The event is forwarded by now");
  });

  it("an event that waits for something else has no such form", async () => {
    const { body } = await eventPage((await failing()).id);
    expect(body).toContain('id="resolve"');
    expect(body).not.toContain('id="assign"');
  });
});

describe("what an event waits for", () => {
  it("a refund → its payment; money that comes back → its debit", async () => {
    ledger.answer(() => refused(404, "NOT_FOUND"));
    const refund = refundCreated({ id: "re_waits", payment_intent: "pi_waited" });
    const back = refundFailed({ id: "re_back", payment_intent: "pi_waited" });
    for (const event of [refund, back]) await deliver(event);
    const { body } = await eventPage(refund.id);
    expect(body).toContain("the payment, in the ledger <code>pi_waited</code>");
    expect(body).toContain("The ledger does not have the payment that this belongs to.");
    const other = (await eventPage(back.id)).body;
    expect(other).toContain("the debit that this undoes, in the ledger <code>re_back</code>");
    expect(other).toContain("a debit that the ledger does not have yet");
  });

  it("a payment, while Stripe does not answer → Stripe's API", async () => {
    ledger.answer(() => refused(503));
    const event = paymentIntentSucceeded({ id: "pi_asked" });
    await deliver(event);
    const { body } = await eventPage(event.id);
    expect(body).toMatch(/Stripe(&#39;|')s API, for whose payment it is <code>pi_asked<\/code>/);
  });

  it("nothing, once it is settled", async () => {
    const event = succeeded();
    await deliver(event);
    expect((await eventPage(event.id)).body).not.toContain("Waits for");
  });
});

describe("bulk retry", () => {
  it("counts first and touches nothing; then retries what was counted, and reports", async () => {
    const event = await failing();
    const asked = ledger.requests.length;
    const query = `state=failed&payment_id=${String(event.data.object["id"])}`;
    const dry = await getPage(`/console/retry?${query}&count=1`, ada);
    expect(dry.body).toContain("1 event matches");
    expect(dry.body).toContain("USD\u00a012.34");
    expect(dry.body).toContain("Retry 1 event now");
    expect(ledger.requests).toHaveLength(asked);

    ledger.answer(() => accepted());
    const fields = {
      csrf: ada.csrf,
      ...Object.fromEntries(new URLSearchParams(query)),
      note: "ledger is back",
    };
    const done = await postForm("/console/retry", fields, ada);
    expect(done.status).toBe(200);
    expect(done.body).toContain("1 attempt: 1 forwarded, 0 failed");
    expect((await showEvent(event.id)).body).toMatchObject({
      state: "forwarded",
      operator_actions: [{ actor: "Ada", note: "ledger is back" }],
    });
    await untilPublished(event.id);
  });

  it.each(["limit=0", "limit=abc", "limit=201", "state=forwarded", "type=NO"])("%s → 400", async (query) => {
    expect((await getPage(`/console/retry?count=1&${query}`, ada)).status).toBe(400);
    const fields = { csrf: ada.csrf, ...Object.fromEntries(new URLSearchParams(query)) };
    expect((await postForm("/console/retry", fields, ada)).status).toBe(400);
  });

  it("nothing matches → says so, and offers nothing", async () => {
    const { body } = await getPage("/console/retry?count=1&account_id=acct_nobody", ada);
    expect(body).toContain("There is nothing to retry.");
    expect(body).not.toContain('method="post" action="/console/retry"');
  });
});

describe("the read role", () => {
  it("sees every page, without a button that does anything", async () => {
    const event = await failing();
    const reader = await signIn(READ_KEY, "Bo");
    for (const path of [
      "/console",
      "/console/events",
      `/console/events/${event.id}`,
      "/console/retry?count=1",
    ]) {
      const { status, body } = await getPage(path, reader);
      expect(status).toBe(200);
      expect(body.match(/<form method="post" action="([^"]+)"/g)).toEqual([
        '<form method="post" action="/console/logout"',
      ]);
      expect(body).toContain("read only");
    }
  });

  it("posts all the same → 403, and nothing is done", async () => {
    const event = await failing();
    const asked = ledger.requests.length;
    const reader = await signIn(READ_KEY, "Bo");
    const fields = { csrf: reader.csrf, note: "x" };
    for (const path of [
      `/console/events/${event.id}/retry`,
      `/console/events/${event.id}/assign`,
      `/console/events/${event.id}/resolve`,
      "/console/retry",
    ]) {
      const answer = await postForm(path, fields, reader);
      expect(answer.status).toBe(403);
      expect(answer.body).toContain("This key may only read");
    }
    expect(ledger.requests).toHaveLength(asked);
    expect((await showEvent(event.id)).body).toMatchObject({ state: "failed", operator_actions: [] });
  });
});

describe("hostile fields → text, wherever they are shown", () => {
  const EVIL = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&{{7*7}}`;

  const AS_TEXT = { isShown: true, isMarkup: false };

  async function shownAt(path: string, visit: SignedIn) {
    const { body } = await getPage(path, visit);
    return {
      isShown: body.includes("&lt;script&gt;alert(1)"),
      isMarkup: body.includes("<script>") || body.includes("<img"),
    };
  }

  it("account, rail, api version, note, actor, the ledger's settlement id", async () => {
    const visit = await signIn(env.SETTLE_ADMIN_KEY, `Eve ${EVIL}`.slice(0, 100));
    const event = stripeEvent(
      "payment_intent.succeeded",
      {
        id: `pi_${EVIL}`,
        object: "payment_intent",
        amount_received: 5,
        currency: "usd",
        payment_method_types: [EVIL],
        metadata: { account_id: EVIL },
      },
      { api_version: EVIL },
    );
    ledger.answer(() => refused(422, "INSUFFICIENT_FUNDS"));
    await deliver(event);
    const note = { csrf: visit.csrf, note: EVIL };
    expect((await postForm(`/console/events/${event.id}/retry`, note, visit)).status).toBe(303);
    expect(await shownAt(`/console/events/${event.id}`, visit)).toEqual(AS_TEXT);
    expect(await shownAt("/console", visit)).toEqual(AS_TEXT);
    expect(await shownAt("/console/events", visit)).toEqual(AS_TEXT);
    ledger.answer(() => accepted(EVIL));
    await postForm(`/console/events/${event.id}/retry`, note, visit);
    expect(await shownAt(`/console/events/${event.id}`, visit)).toEqual(AS_TEXT);
  });

  it("an event's type", async () => {
    const event = stripeEvent(`evil.${EVIL}`, { id: "cus_1", object: "customer" });
    await deliver(event);
    expect(await shownAt(`/console/events/${event.id}`, ada)).toEqual(AS_TEXT);
    expect(await shownAt("/console/events", ada)).toEqual(AS_TEXT);
  });

  it("what a user typed: filter, name, where to go next", async () => {
    expect(await shownAt(`/console/events?${new URLSearchParams({ account_id: EVIL })}`, ada)).toEqual(
      AS_TEXT,
    );
    expect(await shownAt(`/console/events?${new URLSearchParams({ [EVIL]: "x" })}`, ada)).toEqual(AS_TEXT);
    expect(await shownAt(`/console/retry?${new URLSearchParams({ count: "1", type: EVIL })}`, ada)).toEqual(
      AS_TEXT,
    );
    const login = await postForm("/console/login", { key: "wrong", actor: EVIL, next: `/console?${EVIL}` });
    expect(login.body).toContain("&lt;script&gt;alert(1)");
    expect(login.body).not.toContain("<script>");
  });
});
