/** Who gets into the console, and for how long. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { utf8 } from "../../src/bytes.ts";
import { brokenBody } from "../support/broken-body.ts";
import { COOKIE, getPage, postForm, signIn } from "../support/console.ts";
import { BASE, send } from "../support/worker.ts";

const READ_KEY = "test-settle-read-key";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** As `hono/cookie` signs, with the key of the administrators' sessions. */
async function signatureOf(text: string): Promise<string> {
  const hmac = async (key: BufferSource, data: string) => {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
    return crypto.subtle.sign("HMAC", imported, utf8(data));
  };
  const key = await hmac(utf8(env.SETTLE_ADMIN_KEY), "clawsettle console session 1");
  return btoa(String.fromCharCode(...new Uint8Array(await hmac(key, text))));
}

describe("the sign-in", () => {
  it("a valid key → a cookie that only this site's requests carry, that scripts cannot read, and that ends", async () => {
    const answer = await postForm("/console/login", { key: env.SETTLE_ADMIN_KEY, actor: "Ada" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/console"]);
    const cookie = answer.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(new RegExp(`^${COOKIE}=`));
    for (const attribute of ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=28800"]) {
      expect(cookie).toContain(attribute);
    }
    expect(cookie).not.toContain(env.SETTLE_ADMIN_KEY);
  });

  it.each([
    ["a wrong key", { key: "nope", actor: "Ada" }, 401],
    ["a key that only begins right", { key: "test-settle-admin-ke", actor: "Ada" }, 401],
    ["the ledger's key", { key: env.LEDGER_ADMIN_KEY, actor: "Ada" }, 401],
    ["no key", { actor: "Ada" }, 401],
    ["no name", { key: env.SETTLE_ADMIN_KEY, actor: "  " }, 400],
    ["a name without end", { key: env.SETTLE_ADMIN_KEY, actor: "a".repeat(101) }, 400],
  ])("%s → refused, and no cookie", async (_, fields, status) => {
    const answer = await postForm("/console/login", fields);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.body).not.toContain(env.SETTLE_ADMIN_KEY);
  });

  it("a form that breaks off → 400", async () => {
    const headers = { origin: BASE, "content-type": "application/x-www-form-urlencoded" };
    const init = { method: "POST", headers, body: brokenBody("actor=Ada&"), duplex: "half" } as RequestInit;
    const answer = await send(new Request(`${BASE}/console/login`, init));
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([400, null]);
    expect(answer.body).toContain("The form cannot be read");
  });

  it.each([
    ["/console/events?state=failed", "/console/events?state=failed"],
    ["//evil.test/console", "/console"],
    ["https://evil.test/console", "/console"],
    ["/\\evil.test", "/console"],
    ["/v1/admin/stats", "/console"],
    ["/console/../v1/admin/stats", "/console"],
    ["javascript:alert(1)", "/console"],
  ])("afterwards to %s → %s: a link to the sign-in leads nowhere else", async (next, location) => {
    const answer = await postForm("/console/login", { key: env.SETTLE_ADMIN_KEY, actor: "Ada", next });
    expect(answer.headers.get("location")).toBe(location);
  });

  it("plain HTTP on this machine → a cookie without Secure; on any other host → one that no browser keeps", async () => {
    const at = async (base: string) => {
      const body = new URLSearchParams({ key: env.SETTLE_ADMIN_KEY, actor: "Ada" }).toString();
      const headers = { origin: base, "content-type": "application/x-www-form-urlencoded" };
      const answer = await send(new Request(`${base}/console/login`, { method: "POST", headers, body }));
      return answer.headers.get("set-cookie") ?? "";
    };
    expect(await at("http://127.0.0.1:8787")).toMatch(/^clawsettle=.*SameSite=Strict$/);
    expect(await at("http://127.0.0.1:8787")).not.toContain("Secure");
    expect(await at("http://clawsettle.test")).toContain("Secure");
  });
});

describe("a page without a session → the sign-in, and back", () => {
  it.each([
    ["no cookie", undefined],
    [
      "a cookie that nobody signed",
      `${COOKIE}=${encodeURIComponent('{"role":"admin"}.' + btoa("x".repeat(32)))}`,
    ],
    ["rubbish", `${COOKIE}=%%%`],
  ])("%s", async (_, cookie) => {
    const answer = await getPage("/console/events?state=failed", cookie === undefined ? {} : { cookie });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/console/login?next=%2Fconsole%2Fevents%3Fstate%3Dfailed");
  });

  it("a tampered cookie: the reader who calls himself admin", async () => {
    const { cookie } = await signIn(READ_KEY);
    const value = decodeURIComponent(cookie.slice(COOKIE.length + 1));
    const forged = value.replace('"role":"read"', '"role":"admin"');
    expect(forged).not.toBe(value);
    expect((await getPage("/console", { cookie: `${COOKIE}=${encodeURIComponent(value)}` })).status).toBe(
      200,
    );
    expect((await getPage("/console", { cookie: `${COOKIE}=${encodeURIComponent(forged)}` })).status).toBe(
      303,
    );
  });

  it("a cookie of another version, signed as ours are", async () => {
    const { cookie } = await signIn();
    const value = decodeURIComponent(cookie.slice(COOKIE.length + 1));
    const session = value.slice(0, value.lastIndexOf("."));
    const status = async (text: string) => {
      const signed = encodeURIComponent(`${text}.${await signatureOf(text)}`);
      return (await getPage("/console", { cookie: `${COOKIE}=${signed}` })).status;
    };
    expect(await status(session)).toBe(200);
    for (const other of ['"v":2', '"v":0', '"w":1']) {
      expect(await status(session.replace('"v":1', other))).toBe(303);
    }
  });

  it("each single character changed", async () => {
    const { cookie } = await signIn();
    const value = decodeURIComponent(cookie.slice(COOKIE.length + 1));
    for (let i = 0; i < value.length - 2; i += 7) {
      const other = value.slice(0, i) + (value[i] === "0" ? "1" : "0") + value.slice(i + 1);
      const answer = await getPage("/console", { cookie: `${COOKIE}=${encodeURIComponent(other)}` });
      expect(answer.status).toBe(303);
    }
  });

  it("a session after its eight hours", async () => {
    const { cookie } = await signIn();
    const eightHours = Date.now() + 8 * 3_600_000;
    vi.useFakeTimers({ toFake: ["Date"], now: eightHours - 60_000 });
    expect((await getPage("/console", { cookie })).status).toBe(200);
    vi.setSystemTime(eightHours + 1);
    expect((await getPage("/console", { cookie })).status).toBe(303);
  });

  it("a session whose key was rotated; the other key's sessions go on", async () => {
    const [admin, reader] = [await signIn(), await signIn(READ_KEY)];
    const rotated = { SETTLE_ADMIN_KEY: "another-admin-key" };
    expect((await getPage("/console", { cookie: admin.cookie, env: rotated })).status).toBe(303);
    expect((await getPage("/console", { cookie: reader.cookie, env: rotated })).status).toBe(200);
    const withoutReaders = { SETTLE_READ_KEY: undefined };
    expect((await getPage("/console", { cookie: reader.cookie, env: withoutReaders })).status).toBe(303);
  });
});

describe("the token of a session's forms", () => {
  it("16 random bytes, which a UUID does not have; another for each session", async () => {
    const [one, other] = [await signIn(), await signIn()];
    expect(one.csrf).toMatch(/^[0-9a-f]{32}$/);
    expect(one.csrf).not.toBe(other.csrf);
  });
});

describe("signing out", () => {
  it.each([["admin"], ["read"]])("%s → the cookie is taken away", async (role) => {
    const { cookie, csrf } = await signIn(role === "admin" ? env.SETTLE_ADMIN_KEY : READ_KEY);
    const answer = await postForm("/console/logout", { csrf }, { cookie });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/console/login"]);
    expect(answer.headers.get("set-cookie")).toMatch(new RegExp(`^${COOKIE}=;.*Max-Age=0`));
  });
});

describe("no key configured → 503, and the page says that the console is off", () => {
  const unset = { SETTLE_ADMIN_KEY: undefined, SETTLE_READ_KEY: undefined };

  it.each([
    ["/console"],
    ["/console/login"],
    ["/console/events"],
    ["/console/events/evt_1"],
    ["/console/live/0"],
  ])("GET %s", async (path) => {
    const answer = await getPage(path, { env: unset });
    expect(answer.status).toBe(503);
    expect(answer.body).toContain("The console is off");
  });

  it("POST /console/login, with an empty key", async () => {
    const answer = await postForm("/console/login", { key: "", actor: "Ada" }, { env: unset });
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([503, null]);
  });
});

const PAGES = [
  "/console",
  "/console/login",
  "/console/events",
  "/console/events?state=nonsense",
  "/console/events/evt_unknown",
  "/console/retry",
  "/console/retry?count=1",
  "/console/nowhere",
];
const ASSETS = ["/console/style.css", "/console/app.js", "/console/icon.svg"];

describe("every answer", () => {
  it("a redirect, to the sign-in and from it → the headers that every answer has", async () => {
    const { cookie, csrf } = await signIn();
    for (const answer of [
      await getPage("/console"),
      await getPage("/console/events?q=pi_1", { cookie }),
      await postForm("/console/login", { key: env.SETTLE_ADMIN_KEY, actor: "Ada" }),
      await postForm("/console/logout", { csrf }, { cookie }),
    ]) {
      expect(answer.status).toBe(303);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
        "cache-control": "no-store",
        "content-security-policy": expect.stringContaining("default-src 'none'"),
        "strict-transport-security": expect.any(String),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
      });
    }
  });

  it.each(ASSETS)("%s → with its request's id", async (path) => {
    expect((await getPage(path)).headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([...PAGES, ...ASSETS])("%s → a strict policy, not framed, not sniffed", async (path) => {
    const { cookie } = await signIn();
    const answer = await getPage(path, { cookie });
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy.split("; ").sort()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "img-src 'self'",
      "script-src 'self'",
      "style-src 'self'",
    ]);
    expect(answer.headers.get("x-frame-options")).toBe("DENY");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it.each(PAGES)(
    "%s → one script and one style of our own, none in the page; kept by nobody",
    async (path) => {
      const { cookie } = await signIn();
      const answer = await getPage(path, { cookie });
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.body).toMatch(/^<!doctype html><html lang="en">/i);
      expect(answer.body.match(/<script[^>]*>[^<]*/g)).toEqual([
        `<script src="/console/app.js" type="module">`,
      ]);
      expect(answer.body).not.toMatch(/<style|\sstyle=|\son[a-z]+=|(?:src|href)="(?:https?:)?\/\//);
    },
  );

  it("an asset that the browser has already → 304", async () => {
    const etag = (await getPage("/console/style.css")).headers.get("etag") ?? "";
    const again = await getPage("/console/style.css", { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
  });
});

describe("a POST that comes from elsewhere", () => {
  it.each<[string, Record<string, string>]>([
    ["another site", { origin: "https://evil.test", "sec-fetch-site": "cross-site" }],
    [
      "a neighbour on the same site",
      { origin: "https://other.clawsettle.test", "sec-fetch-site": "same-site" },
    ],
    ["an old browser on another site", { origin: "https://evil.test", "sec-fetch-site": "same-origin" }],
    ["a sandboxed frame", { origin: "null" }],
    ["a scheme that is not ours", { origin: BASE.replace("https", "http") }],
  ])("%s → 403 for the sign-in and for each act, and nothing is done", async (_, headers) => {
    const { cookie, csrf } = await signIn();
    const login = await postForm("/console/login", { key: env.SETTLE_ADMIN_KEY, actor: "x" }, { headers });
    expect([login.status, login.headers.get("set-cookie")]).toEqual([403, null]);
    for (const path of [
      "/console/events/evt_1/retry",
      "/console/events/evt_1/resolve",
      "/console/retry",
      "/console/logout",
    ]) {
      const answer = await postForm(path, { csrf, note: "x" }, { cookie, headers });
      expect(answer.status).toBe(403);
      expect(answer.headers.get("set-cookie")).toBeNull();
    }
  });

  it("a POST without an Origin → 403", async () => {
    const { cookie, csrf } = await signIn();
    const headers = { cookie, "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams({ csrf }).toString();
    const answer = await send(new Request(`${BASE}/console/logout`, { method: "POST", headers, body }));
    expect(answer.status).toBe(403);
  });

  it.each([
    ["no token", {}],
    ["a wrong one", { csrf: "00000000-0000-0000-0000-000000000000" }],
  ])("our own page, %s → 403", async (_, fields) => {
    const { cookie } = await signIn();
    expect((await postForm("/console/logout", fields, { cookie })).status).toBe(403);
  });

  it("the token of another session → 403", async () => {
    const [mine, other] = [await signIn(), await signIn()];
    expect((await postForm("/console/logout", { csrf: other.csrf }, { cookie: mine.cookie })).status).toBe(
      403,
    );
  });

  it("without a session → 401, and nothing is done", async () => {
    const { csrf } = await signIn();
    expect((await postForm("/console/events/evt_1/retry", { csrf })).status).toBe(401);
  });

  it.each([["application/json"], ["multipart/form-data; boundary=x"], ["text/plain"]])(
    "as %s → 400",
    async (type) => {
      const { cookie, csrf } = await signIn();
      const answer = await postForm(
        "/console/logout",
        { csrf },
        { cookie, headers: { "content-type": type } },
      );
      expect(answer.status).toBe(400);
    },
  );
});
