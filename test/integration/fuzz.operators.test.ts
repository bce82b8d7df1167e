/** What operators, and strangers at their routes, can send. */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { paymentIntentSucceeded } from "../../scripts/sandbox/events/stripe-events.ts";
import { encodeCursor } from "../../src/event-index/cursor.ts";
import { ROUTE_NAMES, ROUTES } from "../../src/http/routes.ts";
import { demand, expectDecent } from "../support/fuzz/answers.ts";
import {
  CONFUSING_HEADERS,
  idArb,
  METHODS,
  requestBody,
  RESPELLINGS,
  spoiledBodyArb,
  spoiledKeyArb,
} from "../support/fuzz/requests.ts";
import { fuzz, prepareFuzz } from "../support/fuzz/search.ts";
import { accepted, refused, scriptLedger } from "../support/scripted-ledger.ts";
import { type Answer, BASE, deliver, send } from "../support/worker.ts";

prepareFuzz();

/** One of each fate. */
const EVENTS = ["evt_forwarded", "evt_healing", "evt_permanent", "evt_unmappable"] as const;
const KNOWN = [...EVENTS, "evt_nobody"];

beforeAll(async () => {
  const fates = [() => accepted(), () => refused(503), () => refused(400, "INVALID_REQUEST")];
  for (const [i, id] of EVENTS.entries()) {
    scriptLedger(fates[i]);
    await deliver(paymentIntentSucceeded(id === "evt_unmappable" ? {} : { account_id: "acct_1" }, { id }));
  }
  vi.restoreAllMocks();
});
beforeEach(() => {
  scriptLedger(() => refused(503));
});

const ADMIN = { authorization: `Bearer ${env.SETTLE_ADMIN_KEY}` };

function ask(method: string, path: string, headers: Record<string, string>, body?: BodyInit | null) {
  const hasBody = body !== undefined && body !== null && method !== "GET" && method !== "HEAD";
  const init = { method, headers, ...(hasBody && { body, duplex: "half" }) } as RequestInit;
  return send(new Request(`${BASE}${path}`, { ...init, redirect: "manual" }));
}

const FILTERS: Readonly<Record<string, readonly string[]>> = {
  state: ["failed", "forwarded", "open", "", "FAILED", "failed,forwarded", "' OR 1=1", "__proto__"],
  type: ["payment_intent.succeeded", "payment_intent.*", "%", "constructor", "a".repeat(101)],
  account_id: ["acct_1", "%", "a".repeat(501), "\u0000", "ж", "';--", '"', "\\"],
  payment_id: ["pi_1", "evt_healing", "evt_", "ch_1:", "ch_1:100:1", ":", ";", "%"],
  received_from: [
    "2026-01-01",
    "2026-13-01",
    "0000-01-01",
    "9999-12-31",
    "2026-02-30",
    "-1",
    "1e9",
    "+275760-09-13",
  ],
  received_to: [
    "2026-01-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:00.999999999999+23:59",
    "now",
  ],
  limit: ["1", "200", "0", "201", "-1", "1.5", "1e2", "0x10", "", " 5", "٣", "999"],
  cursor: ["", "AAAA", "=", "%00", encodeCursor({ received_at: 1, event_id: "evt_1" }), "__proto__"],
  unknown: ["1"],
};
const filterArb = fc.array(
  fc
    .constantFrom(...Object.keys(FILTERS))
    .chain((name) =>
      fc.tuple(
        fc.constant(name),
        fc.oneof(
          { weight: 5, arbitrary: fc.constantFrom(...(FILTERS[name] ?? [])) },
          { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
        ),
      ),
    ),
  { maxLength: 4 },
);

it("any filter of the list → 400, or a page of what matches", async () => {
  const tried = await fuzz(filterArb, async (filter) => {
    const answer = await ask("GET", `/v1/admin/events?${new URLSearchParams(filter)}`, ADMIN);
    expectDecent(answer);
    demand([200, 400].includes(answer.status), `${answer.status}`);
    if (answer.status === 200) expectPage(answer, Object.fromEntries(filter));
  });
  expect(tried).toBeGreaterThan(0);
});

function expectPage({ body }: Answer, filter: Readonly<Record<string, string>>): void {
  const rows: Record<string, string>[] = body.events;
  demand(rows.length <= Number(filter["limit"] ?? 50), `${rows.length} rows`);
  const sorted = rows.map((row) => row["received_at"]);
  demand(sorted.join() === sorted.toSorted().toReversed().join(), "out of order");
  for (const [name, column] of [
    ["state", "state"],
    ["type", "event_type"],
    ["account_id", "account_id"],
  ] as const) {
    const wanted = filter[name];
    demand(
      wanted === undefined || rows.every((row) => row[column] === wanted),
      `not all of ${name} ${wanted}`,
    );
  }
}

it("any change of a cursor → 400, or a place in the list", async () => {
  const sound = encodeCursor({ received_at: Date.UTC(2033), event_id: "evt_zzz" });
  const changed = fc.record({
    at: fc.nat({ max: sound.length }),
    put: fc.string({ maxLength: 3 }),
    gone: fc.nat({ max: 3 }),
  });
  const tried = await fuzz(changed, async ({ at, put, gone }) => {
    const cursor = sound.slice(0, at) + put + sound.slice(at + gone);
    const answer = await ask("GET", `/v1/admin/events?${new URLSearchParams({ cursor })}`, ADMIN);
    expectDecent(answer);
    demand([200, 400].includes(answer.status), `${answer.status}`);
  });
  expect(tried).toBeGreaterThan(0);
});

const SOUND = { actor: "ada", note: "by hand" };
const WRITES: readonly (readonly [
  path: (id: string) => string,
  sound: unknown,
  places: readonly string[],
])[] = [
  [(id) => `/v1/admin/events/${id}/retry`, SOUND, ["", "actor", "note"]],
  [
    (id) => `/v1/admin/events/${id}/assign`,
    { account_id: "acct_1", ...SOUND },
    ["", "account_id", "actor", "note"],
  ],
  [(id) => `/v1/admin/events/${id}/resolve`, SOUND, ["", "actor", "note"]],
  [
    () => "/v1/admin/events/retry",
    {
      ...SOUND,
      filter: { state: "failed", account_id: "acct_1", received_from: "2026-01-01" },
      limit: 2,
      dry_run: true,
    },
    [
      ["", "actor", "note", "filter", "limit", "dry_run", "filter.state", "filter.account_id"],
      ["filter.received_from"],
    ].flat(),
  ],
  [
    () => "/v1/stripe/forwarding/retry",
    { event_id: "evt_healing", limit: 2, force: false },
    ["", "event_id", "limit", "force"],
  ],
];
const writeArb = fc
  .constantFrom(...WRITES)
  .chain(([path, sound, places]) =>
    fc.record({ path: idArb(KNOWN).map(path), sound: fc.constant(sound), body: spoiledBodyArb(places) }),
  );

it("any body of a write, for any id → one documented answer, and no event in no state", async () => {
  const tried = await fuzz(writeArb, async ({ path, sound, body }) => {
    const answer = await ask("POST", path, ADMIN, requestBody(sound, body));
    expectDecent(answer);
    demand([200, 400, 404, 405, 409, 413, 502].includes(answer.status), `${answer.status}`);
    demand(answer.status !== 502 || path.endsWith("/assign"), `502 for ${path}`);
    for (const id of EVENTS) {
      const { status, body: event } = await ask("GET", `/v1/admin/events/${id}`, ADMIN);
      demand(status === 200 && ["forwarded", "failed", "resolved"].includes(event.state), `${id}: ${status}`);
      demand(event.state !== "forwarded" || id === "evt_forwarded", "forwarded by a ledger that refuses");
    }
  });
  expect(tried).toBeGreaterThan(0);
});

const RUN = `rec_${"0".repeat(32)}`;
/** Each route there is; what is a page, and in no table; and what is none. */
const PATHS = [
  ROUTE_NAMES.map((name) => ROUTES[name].path.replace("{event_id}", "evt_healing").replace("{id}", RUN)),
  ["/console", "/console/login", "/console/logout", "/console/retry", "/console/app.js"],
  ["/console/events", "/console/events/evt_healing", "/console/events/evt_healing/resolve"],
  ["/console/reconciliations", `/console/reconciliations/${RUN}`, "/console/live/0"],
  ["/v1/admin", "/v1", "/favicon.ico"],
].flat();
const OPEN_TO_ALL = /^\/+(console\/(login|app\.js|style\.css|icon\.svg)|health|openapi\.json)?$/;

it("any method, spelling of a path, header and key that is none → nothing is shown, and nothing is touched", async () => {
  const inputs = fc.record({
    method: fc.constantFrom(...METHODS),
    path: fc.constantFrom(...PATHS),
    spelling: fc.constantFrom(...Object.keys(RESPELLINGS)),
    headers: fc.constantFrom(...CONFUSING_HEADERS),
    key: fc.option(spoiledKeyArb),
  });
  const locked = { getByName: () => demand(false, "an object was asked") };
  const tried = await fuzz(inputs, async ({ method, path, spelling, headers, key }) => {
    const request = new Request(`${BASE}${RESPELLINGS[spelling]?.(path)}`, {
      method,
      headers: { ...headers, ...(key !== null && { authorization: key }) },
      redirect: "manual",
    });
    const answer = await send(request, { STRIPE_EVENT: locked, EVENT_INDEX: locked, RECONCILER: locked });
    expectDecent(answer);
    const { pathname } = new URL(request.url);
    demand(answer.status !== 200 || OPEN_TO_ALL.test(decodeURI(pathname)), `200 for ${pathname}`);
  });
  expect(tried).toBeGreaterThan(0);
});

it("any method, spelling and header, with the admin key → one documented answer", async () => {
  const inputs = fc.record({
    method: fc.constantFrom(...METHODS),
    path: fc.constantFrom(...PATHS),
    spelling: fc.constantFrom(...Object.keys(RESPELLINGS)),
    headers: fc.constantFrom(...CONFUSING_HEADERS.filter((headers) => headers["upgrade"] === undefined)),
  });
  const tried = await fuzz(inputs, async ({ method, path, spelling, headers }) => {
    expectDecent(await ask(method, RESPELLINGS[spelling]?.(path) ?? "", { ...headers, ...ADMIN }, "{}"));
  });
  expect(tried).toBeGreaterThan(0);
});
