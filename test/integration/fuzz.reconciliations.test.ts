/** What operators can send about reconciliations. */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { demand, expectDecent } from "../support/fuzz/answers.ts";
import { idArb, requestBody, spoiledBodyArb } from "../support/fuzz/requests.ts";
import { fuzz, prepareFuzz } from "../support/fuzz/search.ts";
import { HOUR, payments, reconcile, scriptWorld } from "../support/reconciler.ts";
import { type Answer, BASE, send } from "../support/worker.ts";

prepareFuzz();

const RUNS = "/v1/admin/reconciliations";
const ADMIN = { authorization: `Bearer ${env.SETTLE_ADMIN_KEY}` };
const PAYMENTS = 3;

/** A run that is over, and found every payment missing: nobody delivered one, and it did not either. */
let known: string;
let page: { readonly cursor: string; readonly after: number }[];

beforeAll(async () => {
  scriptWorld(payments("acct_1", PAYMENTS));
  const { id } = await reconcile({ dry_run: true });
  known = id;
  const { differences } = (await ask("GET", `${RUNS}/${id}`)).body;
  page = differences.map(({ event_id, kind, field }: Record<string, string>, i: number) => ({
    cursor: `${event_id}.${kind}.${field}`,
    after: PAYMENTS - 1 - i,
  }));
  vi.restoreAllMocks();
});
beforeEach(() => {
  scriptWorld();
});

function ask(method: "GET" | "POST", path: string, body?: BodyInit | null): Promise<Answer> {
  const init = { method, headers: ADMIN, ...(body != null && { body, duplex: "half" }) } as RequestInit;
  return send(new Request(`${BASE}${path}`, init));
}

it("any body of a start → a run of the window that was asked for, or one documented refusal", async () => {
  const to = Date.now();
  const sound = {
    from: new Date(to - HOUR).toISOString(),
    to: new Date(to).toISOString(),
    dry_run: true,
    actor: "ada",
  };
  const started: string[] = [];
  const tried = await fuzz(spoiledBodyArb(["", "from", "to", "dry_run", "actor"]), async (body) => {
    const answer = await ask("POST", RUNS, requestBody(sound, body));
    expectDecent(answer);
    demand([202, 400, 413].includes(answer.status), `${answer.status}`);
    if (answer.status !== 202) return;
    const { id, from, to: until, dry_run } = answer.body;
    const [length, ahead] = [Date.parse(until) - Date.parse(from), Date.parse(until) - Date.now()];
    demand(length > 0 && length <= 30 * 24 * HOUR && ahead <= 0, `${from} to ${until}`);
    demand(typeof dry_run === "boolean", `dry_run ${dry_run}`);
    // Only so many may wait at once.
    demand((await ask("POST", `${RUNS}/${id}/cancel`)).body.status === "cancelled", "not cancelled");
    started.push(id);
  });
  expect(tried).toBeGreaterThan(0);
  expect(started).not.toEqual([]);
});

const RUN_IDS = ["rec_", `rec_${"0".repeat(32)}`, `rec_${"A".repeat(32)}`, `rec_${"0".repeat(33)}`, "evt_1"];

it("any id of a run, shown or cancelled → the run, or one documented refusal", async () => {
  const inputs = fc.record({
    id: idArb([known, ...RUN_IDS]),
    act: fc.constantFrom(["GET", ""] as const, ["GET", "?format=csv"] as const, ["POST", "/cancel"] as const),
  });
  const tried = await fuzz(inputs, async ({ id, act: [method, rest] }) => {
    const answer = await ask(method, `${RUNS}/${id}${rest}`);
    // What a text of one's own makes of the path is another route's to answer.
    if (new URL(`${BASE}${RUNS}/${id}`).pathname !== `${RUNS}/${id}`) return;
    if (rest !== "?format=csv" || answer.status !== 200) expectDecent(answer);
    demand([200, 400, 404, 405].includes(answer.status), `${answer.status}`);
    demand(answer.status !== 200 || id === known || /[?#]/.test(id), "a run that nobody began");
    const { status, body } = await ask("GET", `${RUNS}/${known}`);
    demand(status === 200 && body.status === "complete", `${status} ${body.status}`);
  });
  expect(tried).toBeGreaterThan(0);
});

it("any query of a run's page → 400, or differences in their order", async () => {
  const sound = fc.constantFrom(...page.map(({ cursor }) => cursor));
  const spoiled = fc
    .tuple(sound, fc.nat({ max: 60 }), fc.string({ maxLength: 3 }), fc.nat({ max: 3 }))
    .map(([cursor, at, put, gone]) => cursor.slice(0, at) + put + cursor.slice(at + gone));
  const odd = fc.constantFrom("", "..", "evt_1.missing.", "evt_1..", "a".repeat(401), "__proto__.kind.field");
  const query = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.tuple(fc.constant("cursor"), fc.oneof(sound, spoiled, odd)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant("format"), fc.constantFrom("json", "JSON", "xml", "")) },
      { weight: 1, arbitrary: fc.tuple(fc.string({ maxLength: 8 }), fc.string({ unit: "binary" })) },
    ),
    { maxLength: 3 },
  );
  const tried = await fuzz(query, async (params) => {
    const answer = await ask("GET", `${RUNS}/${known}?${new URLSearchParams(params)}`);
    expectDecent(answer);
    demand([200, 400].includes(answer.status), `${answer.status}`);
    if (answer.status !== 200) return;
    const ids: string[] = answer.body.differences.map(({ event_id }: { event_id: string }) => event_id);
    demand(ids.join() === ids.toSorted().join(), "out of order");
    const { cursor } = Object.fromEntries(params);
    const place = page.find((each) => each.cursor === cursor);
    if (place !== undefined) demand(ids.length === place.after, `${ids.length} after ${cursor}`);
  });
  expect(tried).toBeGreaterThan(0);
});

it("any query of the list → 400, or runs", async () => {
  const names = fc.constantFrom("limit", "cursor", "format", "__proto__");
  const values = fc.constantFrom("1", "100", "0", "101", "-1", "1.5", "", " 5", "٣", "1e1");
  const tried = await fuzz(fc.array(fc.tuple(names, values), { maxLength: 3 }), async (params) => {
    const answer = await ask("GET", `${RUNS}?${new URLSearchParams(params)}`);
    expectDecent(answer);
    demand([200, 400].includes(answer.status), `${answer.status}`);
    if (answer.status !== 200) return;
    const { reconciliations, watermark } = answer.body;
    const most = Number(Object.fromEntries(params)["limit"] ?? 20);
    demand(reconciliations.length <= most && typeof watermark === "object", `${reconciliations.length} runs`);
  });
  expect(tried).toBeGreaterThan(0);
});
