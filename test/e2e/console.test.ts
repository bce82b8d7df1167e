/** The console in a real browser, on the started stack. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { launchBrowser } from "../../scripts/lib/browser.ts";
import { newAccount } from "../../scripts/sandbox/clients/ledger.ts";
import {
  paymentIntentSucceeded,
  payoutPaid,
  stripeEvent,
  type StripeEventBody,
} from "../../scripts/sandbox/events/stripe-events.ts";
import {
  complaintsOf,
  isMarked,
  tooWideOn,
  mark,
  signIn,
  violationsOn,
  visit,
  type Visitor,
} from "./browser.ts";
import { startTestStack, type TestStack } from "./support.ts";

let started: TestStack;
let browser: Browser;
let account: string;
let adminKey: string;

beforeAll(async () => {
  // A retry by itself would race the operator's.
  [started, browser] = await Promise.all([
    startTestStack({ FORWARDING_RETRY_BASE_SECONDS: "600" }, { withStripe: true }),
    launchBrowser(),
  ]);
  account = await newAccount(started.ledger, "console");
  adminKey = started.stack.secrets.SETTLE_ADMIN_KEY;
});
afterAll(async () => {
  await browser?.close();
  await started?.stop();
});
beforeEach(() => started.sandbox.clearFaults());

async function open(options: Parameters<typeof visit>[2] = {}): Promise<Visitor> {
  const visitor = await visit(browser, started.stack.clawsettleUrl, options);
  onTestFinished(() => visitor.page.context().close());
  return visitor;
}

const paid = () => paymentIntentSucceeded({ account_id: account, amount: 129_900 });
const deliver = (event: StripeEventBody) => started.clawsettle.deliver({ body: JSON.stringify(event) });

async function failing(): Promise<StripeEventBody> {
  await started.sandbox.addFault({ kind: "down" });
  const event = paid();
  await deliver(event);
  await started.sandbox.clearFaults();
  return event;
}

const rowOf = (page: Page, event: StripeEventBody) => page.getByRole("row").filter({ hasText: event.id });

describe("an operator, with script", () => {
  it("sees an event fail, reads why, repairs it and sees it forwarded, all without a reload", async () => {
    const { page, complaints } = await open();
    await signIn(page, adminKey);
    await page.locator("#live.on").waitFor();
    await mark(page);

    await started.sandbox.addFault({ kind: "down" });
    const event = paid();
    await deliver(event);
    await rowOf(page, event).getByText("failed, retrying").waitFor();
    expect(await page.locator("#open").innerText()).toContain("USD\u00a01,299.00");
    expect(await isMarked(page)).toBe(true);

    await page.getByRole("link", { name: event.id }).click();
    await page.getByText("The settlement could not be made now.").waitFor();
    await page.getByText("SERVICE_UNAVAILABLE").first().waitFor();
    await page.locator("#live.on").waitFor();
    await mark(page);

    const other = await page.context().newPage();
    const othersComplaints = complaintsOf(other);
    await other.goto(page.url());
    await other.locator("#live.on").waitFor();
    await mark(other);

    await started.sandbox.clearFaults();
    await page.getByText("Retry …").click();
    await page.getByLabel("Note (optional)").fill("the ledger is back");
    await page.getByRole("button", { name: "Retry now" }).click();
    await page.locator(".standing").getByText("forwarded").waitFor();
    await page.getByText("One attempt was made, and the ledger accepted.").waitFor();
    await page.getByText("the ledger is back").first().waitFor();
    expect(await page.getByText("Retry …").count()).toBe(0);
    expect(await isMarked(page)).toBe(true);

    // Whoever only watched has seen it too, and his screen reader was told.
    await other.locator(".standing").getByText("forwarded").waitFor();
    await other.getByRole("status").getByText("The event is now forwarded").waitFor();
    expect(await isMarked(other)).toBe(true);

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.goto(`/console/events/${event.id}`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect([...complaints, ...othersComplaints]).toEqual([]);
  });

  it("is typing a note while the event changes → keeps his words; what he sends is refused in plain words", async () => {
    const event = await failing();
    const { page } = await open();
    await signIn(page, adminKey);
    await page.goto(`/console/events/${event.id}`);
    await page.locator("#live.on").waitFor();
    await page.getByText("Resolve …").click();
    await page.locator("#resolve textarea").fill("booked by hand as 17");
    await started.clawsettle.retryForwarding(event.id);
    await page.locator(".standing").getByText("forwarded").waitFor();
    expect(await page.locator("#resolve textarea").inputValue()).toBe("booked by hand as 17");
    await page.getByRole("button", { name: "Resolve", exact: true }).click();
    await page.getByRole("heading", { name: "Not possible any more" }).waitFor();
  });

  it("clawsettle goes away and comes back → the page says so, and is live again", async () => {
    const { page } = await open();
    await signIn(page, adminKey);
    await page.locator("#live.on").waitFor();
    await mark(page);
    await started.stack.kill9();
    await page.getByText("Reconnecting").waitFor();
    await started.stack.restart();
    const event = await failing();
    await page.locator("#live.on").waitFor({ timeout: 30_000 });
    await rowOf(page, event).waitFor();
    expect(await isMarked(page)).toBe(true);
  });
});

describe("nobody's money", () => {
  it.each([true, false])("is assigned, at the second try (script: %s)", async (javaScriptEnabled) => {
    // Without a question to Stripe: this one has no metadata and nothing around it.
    const event = payoutPaid({ amount: 77_700 });
    await deliver(event);
    const { page, complaints } = await open({ javaScriptEnabled });
    await signIn(page, adminKey);
    await page.goto(`/console/events/${event.id}`);
    await page.getByText("Assign an account …").click();
    await page.locator("#assign").getByText("USD\u00a0777.00").waitFor();
    await page.getByLabel("Ledger account").fill("acc_nobody");
    await page.getByLabel("Note: how you know").fill("asked the customer");
    await page.getByRole("button", { name: "Assign and send" }).click();
    await page.getByText("The ledger has no such account.").waitFor();
    // A change of the event meanwhile refreshes the page, and keeps the form.
    await deliver(event);
    if (javaScriptEnabled) await page.getByText("Delivered once more since.").waitFor();
    expect(await page.getByText("The ledger has no such account.").count()).toBe(1);
    expect(await page.getByLabel("Ledger account").getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByLabel("Note: how you know").inputValue()).toBe("asked the customer");
    await page.getByLabel("Ledger account").fill(account);
    await page.getByRole("button", { name: "Assign and send" }).click();
    await page.locator(".standing").getByText("forwarded").waitFor();
    await page.getByText("The account is assigned, and one attempt was made.").waitFor();
    await page.locator(".timeline").getByText("assigned it to").waitFor();
    expect(complaints).toEqual([]);
  });
});

describe("a delivery that was lost", () => {
  it.each([true, false])("is found, delivered and read about (script: %s)", async (javaScriptEnabled) => {
    const created = Math.floor(Date.now() / 1_000) - 120;
    const lost = paymentIntentSucceeded({ account_id: account, amount: 4_200 }, { created });
    await started.stripe?.know([JSON.stringify(lost)]);
    const { page, complaints } = await open({ javaScriptEnabled });
    await signIn(page, adminKey);
    await page.getByRole("link", { name: "Reconciliation" }).first().click();
    await page.getByLabel("Only look").uncheck();
    await page.getByRole("button", { name: "Compare with Stripe" }).click();
    await page.getByText("clawsettle had never got it").waitFor();
    const report = page.url();
    await page.getByRole("link", { name: lost.id }).click();
    await page.locator(".standing").getByText("forwarded").waitFor();
    await page.getByText("stripe_api").first().waitFor();
    await page.goto("/console/reconciliations");
    await page.locator(`a[href="${new URL(report).pathname}"]`).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe("an operator, without script", () => {
  it("does the same, with reloads; then counts and retries many", async () => {
    const { page } = await open({ javaScriptEnabled: false });
    await signIn(page, adminKey);
    await page.getByRole("heading", { name: "Overview" }).waitFor();

    await started.sandbox.addFault({ kind: "down" });
    const [event, second] = [paid(), paid()] as const;
    await deliver(event);
    await deliver(second);
    await page.reload();
    await rowOf(page, event).getByText("failed, retrying").waitFor();
    await page.getByRole("link", { name: event.id }).click();
    await page.getByText("The settlement could not be made now.").waitFor();

    await started.sandbox.clearFaults();
    await page.getByText("Retry …").click();
    await page.getByRole("button", { name: "Retry now" }).click();
    await page.getByText("One attempt was made, and the ledger accepted.").waitFor();
    await page.locator(".standing").getByText("forwarded").waitFor();

    await page.getByRole("link", { name: "Bulk retry" }).click();
    await page.getByLabel("Payment").fill(String(second.data.object["id"]));
    await page.getByRole("button", { name: "Count first" }).click();
    await page.getByText("1 event matches").waitFor();
    await page.getByRole("button", { name: "Retry 1 event now" }).click();
    await page.getByText("1 attempt: 1 forwarded, 0 failed").waitFor();

    await page.goto("/console/events");
    await page.getByRole("searchbox").fill(second.id);
    await page.getByRole("button", { name: "Search" }).click();
    await page.locator(".standing").getByText("forwarded").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });
});

describe("hostile fields", () => {
  it("<script> in an account, a type, a version, a note → text; nothing runs", async () => {
    const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>`;
    const event = stripeEvent(
      "payment_intent.succeeded",
      {
        id: "pi_evil",
        object: "payment_intent",
        amount_received: 5,
        currency: "usd",
        metadata: { account_id: evil },
      },
      { api_version: evil },
    );
    await deliver(event);
    const { page, complaints } = await open();
    await signIn(page, adminKey, `Eve ${evil}`);
    await page.goto(`/console/events/${event.id}`);
    await page.locator("#event-body").getByText(evil).first().waitFor();
    await page.getByText("Resolve …").click();
    await page.locator("#resolve textarea").fill(evil);
    await page.getByRole("button", { name: "Resolve", exact: true }).click();
    await page.locator(".timeline").getByText(evil).first().waitFor();
    await page.goto("/console/events");
    await rowOf(page, event).getByText(evil).waitFor();
    expect(await page.evaluate("document.querySelectorAll('main script, main img').length")).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe("who must not", () => {
  it("a wrong key → stays outside, and reads why", async () => {
    const { page } = await open();
    await signIn(page, "wrong");
    await page.getByRole("alert").getByText("This key opens nothing here.").waitFor();
    expect(await page.context().cookies()).toEqual([]);
    expect(await page.getByLabel("Your name").inputValue()).toBe("Ada");
  });

  it("the read key → sees everything, and finds no button to do anything", async () => {
    const event = await failing();
    const { page } = await open();
    await signIn(page, started.stack.secrets["SETTLE_READ_KEY"] ?? "");
    await page.goto(`/console/events/${event.id}`);
    await page.getByText("read only").waitFor();
    expect(await page.getByRole("button").allInnerTexts()).toEqual(["Sign out"]);
  });

  it("a session that has ended → the sign-in, and back; an act is not done", async () => {
    const event = await failing();
    const { page } = await open();
    await signIn(page, adminKey);
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    expect((cookie?.expires ?? 0) - Date.now() / 1_000).toBeLessThanOrEqual(8 * 3_600);
    await page.goto(`/console/events/${event.id}`);
    await page.getByText("Retry …").click();
    await page.context().clearCookies();
    await page.getByRole("button", { name: "Retry now" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    await page.goto(`/console/events/${event.id}`);
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("Operator key").fill(adminKey);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator(".standing").getByText("failed, retrying").waitFor();
    expect(page.url()).toContain(event.id);
  });
});

describe("another site in the same browser", () => {
  let server: Server;
  let port: number;
  beforeAll(async () => {
    server = createServer((_request, response) => response.end("<!doctype html><title>elsewhere</title>"));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => server.close());

  // A port makes no site: from 127.0.0.1 the browser does send the cookie, and only we can refuse.
  it.each(["localhost", "127.0.0.1"])("%s: a POST, a sign-in, a WebSocket → refused", async (host) => {
    const event = await failing();
    const { page } = await open();
    await signIn(page, adminKey);
    const csrf = await page.locator("input[name=csrf]").first().getAttribute("value");
    await page.goto(`http://${host}:${port}/`);
    const { origin } = started.stack.clawsettleUrl;
    const submit = (path: string) => `
      document.body.innerHTML = '<form method="post" action="${origin}${path}">'
        + '<input name="csrf" value="${csrf}"><input name="note" value="x"><input name="actor" value="x"></form>';
      document.forms[0].submit()`;
    for (const path of [`/console/events/${event.id}/resolve`, "/console/login"]) {
      const answered = page.waitForResponse((answer) => answer.url() === origin + path);
      const arrived = page.waitForURL(origin + path);
      await page.evaluate(submit(path));
      expect((await answered).status()).toBe(403);
      await arrived;
      await page.goto(`http://${host}:${port}/`);
    }
    const watch = `${origin.replace("http", "ws")}/v1/admin/events/${event.id}/watch`;
    const said = await page.evaluate(`new Promise((settle) => {
      const socket = new WebSocket("${watch}");
      socket.onopen = () => settle("open");
      socket.onmessage = () => settle("message");
      socket.onclose = () => settle("closed");
    })`);
    expect(said).toBe("closed");
    expect(await started.clawsettle.event(event.id)).toMatchObject({ state: "failed", operator_actions: [] });
  });
});

describe("axe finds nothing to complain of, and no page is wider than its screen", () => {
  const LOOKS = [
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
    ["dark", 360],
  ] as const;

  it.each(LOOKS)("%s, %d px", async (colorScheme, width) => {
    const event = await failing();
    await deliver(paid());
    const nobodys = payoutPaid();
    await deliver(nobodys);
    await deliver({ ...paid(), account: "acct_1PgafTB7WZ01zgkW" });
    const { page } = await open({ colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
    const found: string[] = [];
    const check = async (name: string) => {
      for (const problem of [...(await violationsOn(page)), ...(await tooWideOn(page))])
        found.push(`${name}: ${problem}`);
    };
    await page.goto("/console");
    await check("sign-in");
    await signIn(page, "wrong");
    await check("sign-in, refused");
    await signIn(page, adminKey);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    for (const path of [
      "/console",
      "/console/events",
      "/console/events?account_id=acc_nobody",
      "/console/events?type=NO",
      "/console/events/evt_unknown",
      "/console/retry",
      "/console/retry?count=1&limit=1",
      "/console/reconciliations",
      `/console/events/${event.id}`,
    ]) {
      await page.goto(path);
      await check(path);
    }
    await page.goto(`/console/events/${nobodys.id}`);
    await page.getByText("Assign an account …").click();
    await check("nobody's event");
    await page.getByLabel("Ledger account").fill("acc_nobody");
    await page.getByLabel("Note: how you know").fill("a guess");
    await page.getByRole("button", { name: "Assign and send" }).click();
    await page.getByText("The ledger has no such account.").waitFor();
    await check("nobody's event, an unknown account");
    await page.goto("/console/reconciliations");
    await page.getByRole("button", { name: "Compare with Stripe" }).click();
    await page.getByRole("heading", { name: "What was found" }).waitFor();
    await check("a reconciliation");
    await page.goto(`/console/events/${event.id}`);
    await page.getByText("Retry …").click();
    await page.getByText("Raw state").click();
    await check("an event, all open");
    await page.getByRole("button", { name: "Retry now" }).click();
    await page.locator(".standing").getByText("forwarded").waitFor();
    await check("an event, forwarded");
    expect(found).toEqual([]);
  });
});
