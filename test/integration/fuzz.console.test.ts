/** What browsers, and whatever poses as one, can send to the console and its WebSockets. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import worker from "../../src/index.ts";
import { brokenBody } from "../support/broken-body.ts";
import { COOKIE, getPage, type SignedIn, signIn } from "../support/console.ts";
import { demand, expectDecent } from "../support/fuzz/answers.ts";
import { idArb, spoiledKeyArb } from "../support/fuzz/requests.ts";
import { fuzz, prepareFuzz } from "../support/fuzz/search.ts";
import { refused, scriptLedger } from "../support/scripted-ledger.ts";
import { type Answer, BASE, deliver, send, showEvent } from "../support/worker.ts";

prepareFuzz();

const EVENT = "evt_waiting";
beforeAll(async () => {
  scriptLedger(() => refused(400, "INVALID_REQUEST"));
  await deliver(paymentIntentSucceeded({ account_id: "acct_1" }, { id: EVENT }));
  vi.restoreAllMocks();
});
beforeEach(() => {
  scriptLedger(() => refused(400, "INVALID_REQUEST"));
});

const PAGES = [
  "/console",
  "/console/events",
  `/console/events/${EVENT}`,
  "/console/retry?count=1",
  "/console/x",
];
const OWN_SCRIPT = `<script src="/console/app.js" type="module">`;

function expectSafePage(answer: Answer): void {
  expectDecent(answer);
  if (answer.body === null) return;
  const scripts: string[] | null = answer.body.match(/<script[^>]*>/g);
  demand(scripts?.join() === OWN_SCRIPT, `scripts: ${scripts?.join()}`);
  demand(!/(href|src|action)="\s*javascript:/i.test(answer.body), "an address that is a script");
  const tags = answer.body.replaceAll(/"[^"]*"/g, '""');
  demand(!/<[^>]*\son[a-z]+=/i.test(tags), "a script in an attribute");
}

/** Ways to spoil a cookie's value, sound as the browser got it. */
const SPOILED: Readonly<Record<string, (value: string, text: string) => string>> = {
  nothing: () => "",
  text: (_, text) => encodeURIComponent(text),
  "raw text": (_, text) => text.replace(/[^!-~]/g, ""),
  "cut off": (value) => value.slice(0, -2),
  "without its signature": (value) => value.slice(0, value.lastIndexOf(".")),
  "another signature": (value) => value.slice(0, value.lastIndexOf(".")) + `.${"A".repeat(43)}%3D`,
  "an empty signature": (value) => `${value.slice(0, value.lastIndexOf("."))}.`,
  "one field more": (value, text) =>
    value.replace("%7B", `%7B${encodeURIComponent(`"x":${JSON.stringify(text)},`)}`),
  "the other role": (value) => value.replace("admin", "read"),
  "a later end": (value) => value.replace(/expires_at%22%3A1/, "expires_at%22%3A9"),
  "encoded twice": (value) => encodeURIComponent(value),
  "half of an encoding": (value) => `${value}%`,
  huge: (value) => value + "A".repeat(60_000),
  "in quotes": (value, text) => `"${value}${text.replace(/[^!-~]|[";,]/g, "")}x"`,
};

it("any cookie that is no session → no page but the sign-in", async () => {
  const { cookie } = await signIn();
  expect((await getPage("/console", { cookie })).status).toBe(200);
  const value = cookie.slice(COOKIE.length + 1);
  const inputs = fc.record({
    how: fc.constantFrom(...Object.keys(SPOILED)),
    text: fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
    name: fc.constantFrom(
      COOKIE,
      "clawsettle",
      "__Secure-clawsettle",
      "__proto__",
      `x; ${COOKIE}`,
      `${COOKIE}=;${COOKIE}`,
    ),
    page: fc.constantFrom(...PAGES),
    method: fc.constantFrom("GET", "HEAD", "POST", "PUT"),
  });
  const tried = await fuzz(inputs, async ({ how, text, name, page, method }) => {
    const headers = { cookie: `${name}=${SPOILED[how]?.(value, text) ?? ""}`, origin: BASE };
    const answer = await send(new Request(`${BASE}${page}`, { method, headers, redirect: "manual" }));
    expectSafePage(answer);
    demand([303, 400, 401].includes(answer.status), `${answer.status}`);
  });
  expect(tried).toBeGreaterThan(0);
});

const FIELDS = [
  "key",
  "actor",
  "next",
  "note",
  "csrf",
  "limit",
  "state",
  "type",
  "account_id",
  "received_from",
  "x",
];
const VALUES = [
  ["", " ", "failed", "1", "-1", "1e400", "NaN", "a".repeat(101), "a".repeat(2_001), "2026-02-30", "\u0000"],
  ["<script>alert(1)</script>", `" onfocus="alert(1)`, "'><img src=x>", "//evil.test", "javascript:alert(1)"],
  ["/console/../v1", "/console\\..\\..", "/console/\u2028", "\u202e", "\ud83d\ude00", "__proto__", "acct_1"],
].flat();
const fieldsArb = fc.array(
  fc.tuple(
    fc.constantFrom(...FIELDS, "__proto__", "constructor"),
    fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: "binary" })),
  ),
  { maxLength: 5 },
);
const formArb = fc.record({
  path: fc.oneof(
    fc.constantFrom("/console/login", "/console/retry", "/console/logout", "/console", "/console/live/0"),
    fc
      .tuple(idArb([EVENT, "evt_nobody"]), fc.constantFrom("retry", "resolve", ""))
      .map(([id, act]) => `/console/events/${id}/${act}`),
  ),
  fields: fieldsArb,
  hasToken: fc.boolean(),
  isReader: fc.boolean(),
  how: fc.oneof(
    { weight: 8, arbitrary: fc.constant("form" as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("broken off", "too long", "no form", "bad encoding", "elsewhere"),
    },
  ),
});
type Form = typeof formArb extends fc.Arbitrary<infer T> ? T : never;

function posted({ path, fields, hasToken, how }: Form, { cookie, csrf }: SignedIn): Request {
  const form = new URLSearchParams([...fields, ...(hasToken ? [["csrf", csrf]] : [])] as [string, string][]);
  const bodies = {
    "broken off": brokenBody("note=a"),
    "too long": "a=".repeat(40_000),
    "bad encoding": `%ff=%&${form}`,
  };
  return new Request(`${BASE}${path}`, {
    method: "POST",
    headers: {
      cookie,
      origin: how === "elsewhere" ? "https://evil.test" : BASE,
      "content-type": how === "no form" ? "text/plain" : "application/x-www-form-urlencoded",
    },
    body: bodies[how as keyof typeof bodies] ?? form.toString(),
    duplex: "half",
    redirect: "manual",
  } as RequestInit);
}

it("any form → a safe page or a way inside the console; nothing is done without its token and the admin's session", async () => {
  const [admin, reader] = [await signIn(), await signIn("test-settle-read-key")];
  const tried = await fuzz(formArb, async (form) => {
    const before = await actionsOf();
    const answer = await send(posted(form, form.isReader ? reader : admin));
    expectSafePage(answer);
    demand([200, 303, 400, 401, 403, 404, 409].includes(answer.status), `${answer.status}`);
    const location = answer.headers.get("location");
    demand(location === null || new URL(location, BASE).href.startsWith(`${BASE}/console`), `${location}`);
    const mayAct = form.hasToken && !form.isReader && !["elsewhere", "no form"].includes(form.how);
    demand(mayAct || (await actionsOf()) === before, "done without a right to");
  });
  expect(tried).toBeGreaterThan(0);
});

async function actionsOf(): Promise<number> {
  const { body } = await showEvent(EVENT);
  return body.operator_actions.length + body.attempts;
}

it("any question of a page → a safe page, or a way inside the console", async () => {
  const { cookie } = await signIn();
  const inputs = fc.record({
    path: fc.constantFrom(
      "/console",
      "/console/events",
      "/console/retry",
      "/console/login",
      `/console/events/${EVENT}`,
    ),
    fields: fc.array(
      fc.tuple(
        fc.constantFrom(...FIELDS, "q", "count", "cursor", "done", "__proto__"),
        fc.oneof(fc.constantFrom(...VALUES), fc.string()),
      ),
      { maxLength: 4 },
    ),
  });
  const tried = await fuzz(inputs, async ({ path, fields }) => {
    const answer = await getPage(`${path}?${new URLSearchParams(fields)}`, { cookie });
    expectSafePage(answer);
    demand([200, 303, 400].includes(answer.status), `${answer.status}`);
    demand(answer.headers.get("location")?.startsWith("/console") !== false, "led elsewhere");
  });
  expect(tried).toBeGreaterThan(0);
});

it("any upgrade → an open socket only for who may watch", async () => {
  const { cookie } = await signIn();
  const inputs = fc.record({
    method: fc.constantFrom("GET", "HEAD", "POST"),
    path: fc.oneof(
      idArb([EVENT]).map((id) => `/v1/admin/events/${id}/watch`),
      fc
        .constantFrom("0", "7", "8", "-1", "1e0", "00", "999", "%30")
        .map((shard) => `/console/live/${shard}`),
      fc.constantFrom("/", "/console", "/v1/stripe/webhook", "/v1/admin/stats"),
    ),
    upgrade: fc.constantFrom("websocket", "WebSocket", "websocket, h2c", "h2c", ""),
    cookie: fc.constantFrom("", cookie, `${cookie}x`),
    origin: fc.constantFrom(BASE, "https://evil.test", "null", `${BASE}.evil.test`, ""),
    key: fc.option(fc.oneof(fc.constant(`Bearer ${env.SETTLE_ADMIN_KEY}`), spoiledKeyArb)),
    more: fc.constantFrom(
      {},
      { "sec-websocket-protocol": "x,y", "sec-websocket-key": "" },
      { "sec-fetch-site": "cross-site" },
    ),
  });
  const tried = await fuzz(inputs, async ({ method, path, upgrade, origin, key, more, ...given }) => {
    const headers = {
      upgrade,
      origin,
      cookie: given.cookie,
      ...(key !== null && { authorization: key }),
      ...more,
    };
    const request = new Request(`${BASE}${path}`, { method, headers, redirect: "manual" });
    const { status, webSocket } = await worker.fetch(request as never, env as Env, createExecutionContext());
    webSocket?.accept();
    webSocket?.close();
    const isOurPage = given.cookie === cookie && origin === BASE && !("sec-fetch-site" in more);
    const hasKey = key === `Bearer ${env.SETTLE_ADMIN_KEY}`;
    const mayWatch = path.startsWith("/console") ? isOurPage : hasKey || (key === null && isOurPage);
    demand(status < 500, `${status}`);
    demand(status !== 101 || (mayWatch && method === "GET"), "a socket for a stranger");
  });
  expect(tried).toBeGreaterThan(0);
});
