import { readdirSync, readFileSync } from "node:fs";
import { dirname, relative } from "node:path/posix";
import { describe, expect, it } from "vitest";
import { LAYERS, MAX_LINES, type Sources, type Violation, violationsIn } from "../support/architecture.ts";
import { IMPURE_FILES } from "../support/impure-files.ts";
import { MAX_COMMENT_COLUMNS, wideComments } from "../support/source-facts.ts";

function sourcesOf(folder: string): Sources {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.(tsx?|mjs)$/.test(file),
  );
  return Object.fromEntries(
    files.map((file) => [`${folder}/${file}`, readFileSync(`${folder}/${file}`, "utf8")]),
  );
}

describe("src/", () => {
  const sources = sourcesOf("src");

  it("is read at all", () => {
    expect(Object.keys(sources)).toEqual(
      expect.arrayContaining(["src/index.ts", "src/event/transitions/alarm-and-poke.ts"]),
    );
  });

  it("breaks none of the rules", () => {
    expect(violationsIn(sources)).toEqual([]);
  });

  it("has every file and folder that the list of impure files names", () => {
    const paths = Object.keys(sources);
    const gone = Object.keys(IMPURE_FILES).filter((entry) => !paths.some((path) => path.startsWith(entry)));
    expect(gone).toEqual([]);
  });
});

/** The rules that one more file would break, were it in `src/`. */
function brokenBy(path: string, source: string, others: Sources = {}): Pick<Violation, "rule" | "what">[] {
  return violationsIn({ ...others, [path]: source })
    .filter((violation) => violation.path === path)
    .map(({ rule, what }) => ({ rule, what }));
}

const IS_PURE = "only impure files are on the list of impure files";

describe("a pure file", () => {
  it.each([
    "src/event/machine.ts",
    "src/event/x.ts",
    "src/ledger/outcome.ts",
    "src/reconciler/judge.ts",
    "src/delivery/prepare.ts",
    "src/bytes.ts",
  ])("%s is held to be one, since it is not on the list", (path) => {
    expect(brokenBy(path, "export const now = Date.now();")).toContainEqual({
      rule: "a pure file has no clock and no randomness",
      what: "Date.now",
    });
  });

  it.each([
    "src/event/call-event.ts",
    "src/http/x.ts",
    "src/console/pages/x.tsx",
    "src/reconciler/run-step.ts",
  ])("%s is none", (path) => {
    expect(brokenBy(path, "export const now = Date.now();")).toEqual([]);
  });

  it("on the list of impure files → broken; in a listed folder → kept", () => {
    expect(brokenBy("src/event/call-event.ts", "export const one = 1;")).toEqual([
      { rule: IS_PURE, what: "src/event/call-event.ts" },
    ]);
    expect(brokenBy("src/http/x.ts", "export const one = 1;")).toEqual([]);
  });

  it.each([
    [`import { DurableObject } from "cloudflare:workers";`, "a pure file loads no platform module"],
    [`import type { DurableObject } from "cloudflare:workers";`, "a pure file loads no platform module"],
    [`export { Server } from "partyserver";`, "a pure file loads no platform module"],
    [`const { env } = await import("cloudflare:workers");`, "a pure file loads no platform module"],
    [`import { createHash } from "node:crypto";`, "a pure file loads no platform module"],
    [`export function f(env: Env) {}`, "a pure file names no platform type"],
    [`export type S = DurableObjectStorage;`, "a pure file names no platform type"],
    [`export function f(sql: SqlStorage) {}`, "a pure file names no platform type"],
    [`export function f(kv: SyncKvStorage) {}`, "a pure file names no platform type"],
    [`await fetch("https://example.com");`, "a pure file does no I/O"],
    [`await globalThis.fetch("https://example.com");`, "a pure file does no I/O"],
    [`await binding.fetch("https://example.com");`, "a pure file does no I/O"],
    [`console.log("x");`, "a pure file does no I/O"],
    [`await scheduler.wait(1);`, "a pure file does no I/O"],
    [`setTimeout(() => {}, 1);`, "a pure file does no I/O"],
    [`const t = Date.now();`, "a pure file has no clock and no randomness"],
    [`const t = (Date).now();`, "a pure file has no clock and no randomness"],
    [`const t = Date["now"]();`, "a pure file has no clock and no randomness"],
    [`const { now } = Date;`, "a pure file has no clock and no randomness"],
    [`const read = Date.now;`, "a pure file has no clock and no randomness"],
    [`const t = new Date();`, "a pure file has no clock and no randomness"],
    [`const r = Math.random();`, "a pure file has no clock and no randomness"],
    [`const id = crypto.randomUUID();`, "a pure file has no clock and no randomness"],
  ])("%s → %s", (source, rule) => {
    expect(brokenBy("src/event/machine.ts", source)).toContainEqual(expect.objectContaining({ rule }));
  });

  it("a file that it loads is impure → broken, and says where", () => {
    const others = { "src/log.ts": "export const now = () => Date.now();" };
    const source = `import { now } from "../log.ts"; export const t = now();`;
    expect(brokenBy("src/event/machine.ts", source, others)).toEqual([
      { rule: "a pure file has no clock and no randomness", what: "Date.now in src/log.ts" },
    ]);
  });

  it("only a type of an impure file → kept: it is gone when it runs", () => {
    const others = { "src/log.ts": "export type Now = number; export const now = () => Date.now();" };
    const sources = [`import type { Now } from "../log.ts";`, `import { type Now } from "../log.ts";`];
    for (const source of sources) expect(brokenBy("src/event/machine.ts", source, others)).toEqual([]);
  });

  it.each([
    `// fetch(x), Date.now() and Math.random() stand in a comment`,
    `/* import { DurableObject } from "cloudflare:workers"; */`,
    `export const text = "Date.now() fetch( Env cloudflare:workers";`,
    "export const text = `Math.random() ${1} env.LEDGER_ADMIN_KEY`;",
    `export const iso = (ms: number) => new Date(ms).toISOString();`,
    `export const parsed = Date.parse("2027-01-15");`,
    `export const call = (ports: { now: () => number }) => ports.now();`,
    `export const digest = (data: BufferSource) => crypto.subtle.digest("SHA-256", data);`,
    `export const field = (record: { Env: string }) => record.Env;`,
  ])("%s → kept", (source) => {
    expect(brokenBy("src/event/machine.ts", source)).toEqual([]);
  });
});

const importForms = (specifier: string) => [
  `import { x } from "${specifier}";`,
  `import type { x } from "${specifier}";`,
  `import "${specifier}";`,
  `export { x } from "${specifier}";`,
  `export * from "${specifier}";`,
  `const { x } = await import("${specifier}");`,
];

describe("who imports whom", () => {
  it.each([
    ["src/event/engine.ts", "../stripe/event.ts", "event does not import stripe"],
    ["src/event/transitions/x.ts", "../../http/respond.ts", "no import runs upward"],
    ["src/ledger/outcome.ts", "../event/record.ts", "no import runs upward"],
    ["src/ledger/outcome.ts", "../http/body.ts", "no import runs upward"],
    ["src/http/webhook.ts", "../ledger/client.ts", "http never touches the ledger"],
    ["src/http/openapi/x.ts", "../../ledger/port.ts", "http never touches the ledger"],
    ["src/event/engine.ts", "../reconciler/call-reconciler.ts", "no import runs upward"],
    ["src/event/engine.ts", "../delivery/deliver.ts", "no import runs upward"],
    ["src/event-index/filter.ts", "../event/view.ts", "no import runs upward"],
    ["src/event/view.ts", "../errors.ts", "no import runs upward"],
    ["src/reconciler/judge.ts", "stripe", "only stripe-api/client.ts loads Stripe's client"],
    ["src/stripe-api/x.ts", "stripe", "only stripe-api/client.ts loads Stripe's client"],
    ["src/stripe-api/client.ts", "../config.ts", "stripe-api imports nothing but its own"],
    ["src/delivery/deliver.ts", "../ledger/client.ts", "delivery only checks and hands over"],
    ["src/delivery/deliver.ts", "../event-index/queries.ts", "delivery only checks and hands over"],
    ["src/delivery/deliver.ts", "../reconciler/run.ts", "no import runs upward"],
    ["src/reconciler/x.ts", "../http/body.ts", "no import runs upward"],
    ["src/reconciler/x.ts", "../event-index/queries.ts", "reconciler asks the index through its ports alone"],
    ["src/ledger/client.ts", "../reconciler/run.ts", "no import runs upward"],
    ["src/stripe/event.ts", "../stripe-api/port.ts", "no import runs upward"],
    ["src/index.ts", "./console/session.ts", "only app.ts imports the console"],
    ["src/http/webhook.ts", "../cron/post-alert.ts", "only the entry imports the cron"],
    ["src/app.ts", "../scripts/lib/http.ts", "src imports neither scripts nor test"],
    ["src/event/engine.ts", "../../test/support/records.ts", "src imports neither scripts nor test"],
  ])("%s from %s → %s", (path, specifier, rule) => {
    for (const form of importForms(specifier)) {
      expect(brokenBy(path, form)).toContainEqual(expect.objectContaining({ rule }));
    }
  });

  it.each([
    ["src/http/webhook.ts", "../stripe/event.ts"],
    ["src/http/webhook.ts", "../event/call-event.ts"],
    ["src/event/engine.ts", "../ledger/port.ts"],
    ["src/event/stripe-event-object.ts", "../ledger/client.ts"],
    ["src/http/webhook.ts", "../delivery/deliver.ts"],
    ["src/stripe-api/client.ts", "./port.ts"],
    ["src/stripe-api/lookups.ts", "../retry-after.ts"],
    ["src/event/stripe-event-object.ts", "../stripe-api/lookups.ts"],
    ["src/stripe-api/client.ts", "stripe"],
    ["src/reconciler/run-ports.ts", "../stripe-api/events.ts"],
  ])("%s from %s → kept", (path, specifier) => {
    const broken = importForms(specifier).flatMap((form) => brokenBy(path, form));
    expect(broken.filter(({ rule }) => rule !== IS_PURE)).toEqual([]);
  });

  it("each layer from the one above → broken; from the one below → no import upward", () => {
    const fileIn = (layer = "") => `src/${layer.endsWith("/") ? `${layer}x.ts` : layer}`;
    for (const [i, layer] of LAYERS.entries()) {
      const below = LAYERS[i + 1];
      if (below === undefined) continue;
      const upward = (path: string, target: string) =>
        brokenBy(path, `import type { x } from "./${relative(dirname(path), target)}";`).some(
          ({ rule }) => rule === "no import runs upward",
        );
      expect([layer, upward(fileIn(below), fileIn(layer))]).toEqual([layer, true]);
      expect([layer, upward(fileIn(layer), fileIn(below))]).toEqual([layer, false]);
    }
  });

  it("a file that stands in no layer → broken", () => {
    expect(brokenBy("src/x.ts", "export {};")).toEqual([
      { rule: "every file stands in a layer", what: "src/x.ts" },
    ]);
  });
});

describe("the environment, the bindings and the storage", () => {
  it.each([
    ["src/http/webhook.ts", `export const f = (env: Env) => env.SETTLE_ENV;`],
    ["src/http/webhook.ts", `export const f = (env: Env) => env["SETTLE_ENV"];`],
    ["src/http/webhook.ts", `export const f = (env: Env) => (env as { LEDGER?: unknown }).LEDGER;`],
    ["src/http/webhook.ts", `export const f = (env: Env) => env?.SETTLE_ENV;`],
    ["src/http/webhook.ts", `export const f = (env: Env) => { const { SETTLE_ENV } = env; };`],
    ["src/http/webhook.ts", `export const f = (env: Env) => Object.entries(env);`],
    ["src/app.ts", `export const f = (c: { env: Env }) => c.env.SETTLE_ADMIN_KEY;`],
    ["src/event/stripe-event-object.ts", `export class O { env!: Env; f() { return this.env.LEDGER; } }`],
    ["src/event/stripe-event-object.ts", `export const f = (env: Env) => env.STRIPE_EVENT;`],
    ["src/event/call-event.ts", `export const f = (env: Env) => env.LEDGER_ADMIN_KEY;`],
    ["src/log.ts", `export const f = () => process.env.NODE_ENV;`],
    ["src/log.ts", `import { env } from "cloudflare:workers";`],
    ["src/log.ts", `import * as workers from "cloudflare:workers";`],
    ["src/log.ts", `import { env } from "node:process";`],
  ])("%s: %s → broken", (path, source) => {
    expect(brokenBy(path, source)).toContainEqual(
      expect.objectContaining({ rule: "only config.ts reads the environment" }),
    );
  });

  it.each([
    ["src/config.ts", `export const f = (env: { LEDGER?: Fetcher }) => env.LEDGER;`],
    ["src/event/call-event.ts", `export const f = (env: Env) => stubByName(env.STRIPE_EVENT, "x", null);`],
    [
      "src/event-index/call-shards.ts",
      `export const f = (env: Env) => stubByName(env.EVENT_INDEX, "x", null);`,
    ],
    [
      "src/reconciler/call-reconciler.ts",
      `export const f = (env: Env) => stubByName(env.RECONCILER, "x", null);`,
    ],
    ["src/app.ts", `export const f = (c: { env: Env }) => handle(c.env);`],
    ["src/app.ts", `export const f = ({ env }: { env: Env }) => handle({ env });`],
  ])("%s: %s → kept", (path, source) => {
    expect(brokenBy(path, source)).toEqual([]);
  });

  it.each([
    `export const f = (env: Env) => env.STRIPE_EVENT.getByName("x");`,
    `export const f = ({ STRIPE_EVENT }: Env) => STRIPE_EVENT.get(STRIPE_EVENT.idFromName("x"));`,
    `export const f = (env: Env) => env.STRIPE_EVENT.newUniqueId();`,
    `export const f = (env: Env) => env.STRIPE_EVENT.jurisdiction("eu").getByName("x");`,
  ])("%s → broken", (source) => {
    expect(brokenBy("src/event/call-event.ts", source)).toContainEqual(
      expect.objectContaining({ rule: "only stub-by-name.ts makes a stub" }),
    );
  });

  it.each([
    `export const f = (ctx: DurableObjectState) => ctx.storage.get("x");`,
    `export const f = (ctx: DurableObjectState) => { const { storage } = ctx; return storage.get("x"); };`,
  ])("src/http/x.ts: %s → broken", (source) => {
    expect(brokenBy("src/http/x.ts", source)).toContainEqual(
      expect.objectContaining({ rule: "http never touches storage" }),
    );
  });
});

describe("what operators can do", () => {
  it.each([
    `export const f = (request: Request) => request.url;`,
    `export const f = () => new Response("");`,
    `export const f = (text: string) => new URL(text);`,
  ])("%s → broken", (source) => {
    expect(brokenBy("src/operators/x.ts", source)).toContainEqual(
      expect.objectContaining({ rule: "operators knows no request and no response" }),
    );
  });
});

describe("a file's length", () => {
  const lines = (count: number) => "export {};\n".repeat(count);

  it("of the limit → kept; one line more → broken", () => {
    expect(brokenBy("src/bytes.ts", lines(MAX_LINES))).toEqual([]);
    expect(brokenBy("src/bytes.ts", lines(MAX_LINES + 1))).toEqual([
      { rule: "a file has one purpose", what: `${MAX_LINES + 1} lines` },
    ]);
  });
});

describe("a comment", () => {
  it.each(["src", "scripts", "test"])("of %s keeps to the formatter's width", (folder) => {
    const wide = Object.entries(sourcesOf(folder)).flatMap(([path, source]) =>
      wideComments(source).map((line) => `${path}: ${line}`),
    );
    expect(wide).toEqual([]);
  });

  it.each(["// ", "/** ", "  * ", "  /* "])(
    "that begins with %j: of the width → kept, wider → broken",
    (begin) => {
      const line = begin.padEnd(MAX_COMMENT_COLUMNS, "…");
      expect(wideComments(`a();\n${line}\nb();`)).toEqual([]);
      expect(wideComments(`a();\n${line}…\nb();`)).toEqual([`${line}…`]);
    },
  );

  it("code may be wider: what the formatter cannot break stays", () => {
    expect(wideComments(`const text = "${"x".repeat(200)}";`)).toEqual([]);
  });
});
