/** The reconciliation pages: what they show, and what their forms do. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { getPage, postForm, type SignedIn, signIn } from "../support/console.ts";
import {
  configure,
  deliverAll,
  HOUR,
  leaveNothing,
  payments,
  scriptWorld,
  untilOver,
  type World,
} from "../support/reconciler.ts";
import { askSandbox, newAccount } from "../support/scripted-ledger.ts";
import { operator, showEvent } from "../support/worker.ts";

const RUNS = "/console/reconciliations";
const OFF = { STRIPE_API_KEY: undefined };

let world: World;
let account: string;
let ada: SignedIn;
beforeEach(async () => {
  world = scriptWorld();
  account = await newAccount();
  ada = await signIn();
});
afterEach(leaveNothing);

const page = async (path: string, visit = ada) =>
  (await getPage(path, { cookie: visit.cookie })).body as string;
/** As the fields have it: to the minute, in UTC, without saying so. */
const minute = (at: number) => new Date(at).toISOString().slice(0, 16);
const window = () => ({ from: minute(Date.now() - HOUR), to: minute(Date.now()) });

/** By the form, to the run's end. Returns the path of its page. */
async function reconcile(fields: Record<string, string> = {}): Promise<string> {
  const answer = await postForm(RUNS, { csrf: ada.csrf, ...window(), ...fields }, ada);
  expect(answer.status).toBe(303);
  const path = answer.headers.get("location") ?? "";
  await untilOver(path.split("/").at(-1) ?? "");
  return path;
}

describe("the page of all runs", () => {
  it("nothing has run → says so; the form starts a dry run unless changed", async () => {
    const body = await page(RUNS);
    expect(body).toContain("No reconciliation has run yet.");
    expect(body).toMatch(/name="dry_run"[^>]*checked/);
    expect(body).toMatch(/type="datetime-local" name="from" value="\d{4}-\d\d-\d\dT\d\d:\d\d"/);
  });

  it("a run → in the list, with who asked, its window and what was found", async () => {
    world.stripe.events.push(...payments(account, 3));
    const path = await reconcile({ dry_run: "on" });
    const body = await page(RUNS);
    expect(body).toContain(`href="${path}"`);
    expect(body).toContain("complete, with differences");
    expect(body).toContain("3 missing");
    expect(body).toContain("Ada");
    expect(body).toContain("only looking");
  });

  it("no key for Stripe's API → says that it is off, and offers no form", async () => {
    await configure(OFF);
    const body = await page(RUNS);
    expect(body).toContain("Off: without <code>STRIPE_API_KEY</code>");
    expect(body).not.toContain('name="dry_run"');
  });

  it.each([
    ["the wrong way round", { from: "2027-01-02T00:00", to: "2027-01-01T00:00" }, "from must be before to"],
    ["no time", { from: "tomorrow", to: "2027-01-01T00:00" }, "from:"],
    ["too old", { from: "2020-01-01T00:00", to: "2020-01-02T00:00" }, "from is older than"],
  ])("a window that is %s → 400, why, and what was typed", async (_, fields, why) => {
    const answer = await postForm(RUNS, { csrf: ada.csrf, ...fields }, ada);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(why);
    expect(answer.body).toContain(`value="${fields.to}"`);
    expect(answer.body).not.toMatch(/name="dry_run"[^>]*checked/);
  });
});

describe("the page of one run", () => {
  it("what was missing was delivered; the sides agree; each event leads to its page; a file to take away", async () => {
    const events = payments(account, 4);
    world.stripe.events.push(...events);
    await deliverAll(events.slice(1));
    const path = await reconcile();
    const body = await page(path);
    expect(body).toContain("Stripe, clawsettle and the ledger agree about every event.");
    expect(body).toContain("1 backfilled");
    expect(body).toContain(`href="/console/events/${events[0]?.id}"`);
    expect(body).toContain("USD\u00a04.06");
    expect(body).not.toContain('class="differs"');
    expect((await showEvent(events[0]?.id ?? "")).body.state).toBe("forwarded");
    const csv = await getPage(`${path}?format=csv`, { cookie: ada.cookie });
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(csv.body).toContain(`difference,backfilled,${events[0]?.id}`);
  });

  it("dry run → what is missing has no page of its own; nothing was delivered", async () => {
    const [event] = payments(account, 1);
    world.stripe.events.push(event!);
    const body = await page(await reconcile({ dry_run: "on" }));
    expect(body).toContain("only looking: nothing was delivered");
    expect(body).toContain(event!.id);
    expect(body).not.toContain(`href="/console/events/${event!.id}"`);
    expect((await showEvent(event!.id)).status).toBe(404);
  });

  it("the ledger holds something else, with hostile text → which field, as text", async () => {
    const events = payments(account, 2);
    world.stripe.events.push(...events);
    await deliverAll(events);
    const evil = "<script>alert(1)</script>";
    world.ledgerSays(async (request) => {
      const answer = await askSandbox(request);
      if (request.method !== "GET") return answer;
      const { settlements } = (await answer.json()) as { settlements: object[] };
      return Response.json({
        settlements: settlements.map((one) => Object.assign(one, { account_id: evil })),
      });
    });
    const body = await page(await reconcile());
    expect(body).toContain("Not everything agrees.");
    expect(body).toContain("2 mismatched");
    expect(body).toContain("account_id: ours");
    expect(body).not.toContain("<script>alert");
  });

  it("Stripe refuses the key → failed, with what to do and no text of Stripe's", async () => {
    world.stripe.fault = () => Response.json({ error: { message: "sk_live_abc is wrong" } }, { status: 401 });
    const body = await page(await reconcile());
    expect(body).toContain("STRIPE_UNAUTHORIZED");
    expect(body).toContain("it is wrong or expired");
    expect(body).not.toContain("sk_live_abc");
  });

  it("while it runs → asks for itself again, with script and without; can be cancelled", async () => {
    world.stripe.events.push(...payments(account, 1));
    world.stripe.fault = () => new Response("busy", { status: 429, headers: { "retry-after": "600" } });
    const answer = await postForm(RUNS, { csrf: ada.csrf, ...window() }, ada);
    const path = answer.headers.get("location") ?? "";
    const body = await page(path);
    expect(body).toContain('data-poll="2000"');
    expect(body).toContain('<meta http-equiv="refresh"');
    expect(body).toContain("Cancel this run");
    await postForm(`${path}/cancel`, { csrf: ada.csrf }, ada);
    await untilOver(path.split("/").at(-1) ?? "");
    const over = await page(path);
    expect(over).toContain("It was cancelled.");
    expect(over).not.toContain("data-poll");
  });

  it("a statement of Stripe's balance: what it moved by, and where that is", async () => {
    const [event] = payments(account, 1, () => 250);
    world.stripe.events.push(event!);
    const { created } = event!;
    const intent = event!.data.object["id"];
    const charge = { id: "ch_1", object: "charge", amount: 250, amount_captured: 250, currency: "usd" };
    const source = { ...charge, payment_intent: intent, status: "succeeded" };
    const money = { type: "charge", currency: "usd", amount: 250, fee: 38, net: 212 };
    const other = { id: "txn_2", created, type: "brand_new", currency: "usd", amount: 9, fee: 0, net: 9 };
    world.stripe.transactions.push({ id: "txn_1", created, ...money, source } as never, other);
    const body = await page(await reconcile());
    for (const text of [
      "Movements in USD",
      "payins",
      "fees withheld",
      "USD\u00a02.21",
      "1 unknown class",
      "txn_2",
    ]) {
      expect(body).toContain(text);
    }
    expect(body).toContain("acct_own");
  });

  it("a finding → accepted with a note, and taken back; who may only read sees by whom, and no form", async () => {
    const created = Math.floor(Date.now() / 1_000) - 60;
    const money = { type: "brand_new", currency: "usd", amount: 9, fee: 0, net: 9 };
    world.stripe.transactions.push({ id: "txn_2", created, ...money } as never);
    const path = await reconcile();
    const fields = { csrf: ada.csrf, key: "txn_2.unknown_class.", note: "Stripe's <gift>" };
    expect(await page(path)).toContain("Accept this difference");
    expect((await postForm(`${path}/accept`, fields, ada)).status).toBe(303);
    const accepted = await page(path);
    expect(accepted).toContain("Stripe&#39;s &lt;gift&gt;");
    expect(accepted).toContain("Take it back");
    expect(await page(await reconcile())).toContain(
      "Accepted before, and not counted above: 1 unknown class.",
    );
    const reader = await signIn("test-settle-read-key", "Rob");
    const seen = (await getPage(path, { cookie: reader.cookie })).body;
    expect(seen).toContain("Stripe&#39;s &lt;gift&gt;");
    expect(seen).not.toContain("Take it back");
    expect((await postForm(`${path}/accept`, { ...fields, csrf: reader.csrf }, reader)).status).toBe(403);
    await postForm(`${path}/accept`, { ...fields, undo: "on" }, ada);
    expect(await page(path)).toContain("Accept this difference");
  });

  it("money without an event → shown as Stripe has it, and booked with a note; its event says by whom", async () => {
    const created = Math.floor(Date.now() / 1_000) - 60;
    const intent = paymentIntentSucceeded({ account_id: account, amount: 250 }).data.object;
    const charge = { id: "ch_2", object: "charge", amount: 250, amount_captured: 250, currency: "usd" };
    const source = { ...charge, payment_intent: intent["id"], status: "succeeded" };
    const money = { type: "charge", currency: "usd", amount: 250, fee: 0, net: 250 };
    const transaction = { id: "txn_3", object: "balance_transaction", created, ...money, source };
    world.stripe.transactions.push(transaction as never);
    world.stripe.objects.set(String(intent["id"]), intent);
    const path = await reconcile();
    expect(await page(path)).toContain("Book it …");
    const fields = { csrf: ada.csrf, key: "txn_3.money_without_event." };
    const shown = await postForm(`${path}/deliver`, fields, ada);
    expect(shown.body).toContain("USD\u00a02.50");
    expect(shown.body).toContain(String(intent["id"]));
    const sent = await postForm(`${path}/deliver`, { ...fields, note: "seen at Stripe" }, ada);
    expect([sent.status, sent.headers.get("location")]).toEqual([303, "/console/events/evt_audit_txn_3"]);
    const event = await page("/console/events/evt_audit_txn_3");
    expect(event).toContain("seen at Stripe");
    expect(event).toContain("made of Stripe&#39;s money by an operator");
  });

  it("a dry run → its account can be confirmed; then the list says whose money it is", async () => {
    const answer = await postForm(RUNS, { csrf: ada.csrf, ...window(), dry_run: "on" }, ada);
    const path = answer.headers.get("location") ?? "";
    await untilOver(path.split("/").at(-1) ?? "");
    expect(await page(path)).toContain("This is the right account");
    expect((await postForm(`${path}/confirm`, { csrf: ada.csrf }, ada)).status).toBe(303);
    expect(await page(path)).not.toContain("This is the right account");
  });

  it.each(["rec_unknown", `rec_${"0".repeat(32)}`])("%s → 404, as a page", async (id) => {
    const answer = await getPage(`${RUNS}/${id}`, { cookie: ada.cookie });
    expect(answer.status).toBe(404);
    expect(answer.body).toContain("There is no such reconciliation");
  });
});

describe("who must not", () => {
  it("the read key → sees runs and files, has no form, and 403 if it posts one", async () => {
    const path = await reconcile();
    const reader = await signIn("test-settle-read-key");
    const body = await page(RUNS, reader);
    expect(body).toContain(path);
    expect(body).not.toContain('name="dry_run"');
    for (const target of [RUNS, `${path}/cancel`, `${path}/confirm`]) {
      expect((await postForm(target, { csrf: reader.csrf, ...window() }, reader)).status).toBe(403);
    }
  });

  it("no token, another site, no session → refused, and no run", async () => {
    const fields = { csrf: ada.csrf, ...window() };
    expect((await postForm(RUNS, window(), ada)).status).toBe(403);
    const elsewhere = { headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" } };
    expect((await postForm(RUNS, fields, { ...ada, ...elsewhere })).status).toBe(403);
    expect((await postForm(RUNS, fields)).status).toBe(401);
    expect((await operator("GET", "/v1/admin/reconciliations")).body.reconciliations).toEqual([]);
  });
});

describe("the overview", () => {
  it("off, on, out of reach → says which", async () => {
    expect(await page("/console")).toContain("The first hourly run begins within minutes");
    await configure(OFF);
    expect(await page("/console")).toContain("Off: without");
    const broken = new Proxy({}, { get: () => () => Promise.reject(new Error("out of reach")) });
    const env = { RECONCILER: { getByName: () => broken } };
    const { status, body } = await getPage("/console", { cookie: ada.cookie, env });
    expect(status).toBe(200);
    expect(body).toContain("the Reconciler cannot be reached");
  });
});
