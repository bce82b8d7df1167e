/** What strangers, and somebody with the signing secret, can send to the webhook. */
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { beforeEach, expect, it } from "vitest";
import { signPayload } from "../../scripts/sandbox/events/stripe-signature.ts";
import { utf8 } from "../../src/bytes.ts";
import { getPage, signIn } from "../support/console.ts";
import { demand, expectDecent } from "../support/fuzz/answers.ts";
import { CANARY } from "../support/fuzz/log.ts";
import { fuzz, prepareFuzz } from "../support/fuzz/search.ts";
import { bodyOf, CONNECTED_ACCOUNT, spoiledEventArb } from "../support/fuzz/stripe.ts";
import { accepted, refused, scriptLedger } from "../support/scripted-ledger.ts";
import { type Answer, deliver, operator, SECRET, showEvent } from "../support/worker.ts";

prepareFuzz();

beforeEach(() => {
  scriptLedger(({ method }) => (method === "GET" ? refused(404) : accepted()));
});

/** Headers that are nearly right: each says how it was spoiled. */
const SPOILED_HEADERS: Readonly<Record<string, (t: number, hex: string, rest: string) => string>> = {
  "no time": (_, hex) => `v1=${hex}`,
  "another time": (t, hex) => `t=${t - 1},v1=${hex}`,
  "two times, the last another": (t, hex) => `t=${t},v1=${hex},t=${t + 1}`,
  "too old": (t, hex) => `t=${t - 301},v1=${hex}`,
  "a time with a sign": (t, hex) => `t=+${t},v1=${hex}`,
  "a time with a fraction": (t, hex) => `t=${t}.0,v1=${hex}`,
  "a time in hex": (t, hex) => `t=0x${t.toString(16)},v1=${hex}`,
  "only v0": (t, hex) => `t=${t},v0=${hex}`,
  "another scheme beside": (t, hex) => `t=${t},v2=${hex},v1=${"0".repeat(64)}`,
  capitals: (t, hex) => `t=${t},v1=${hex.toUpperCase()}`,
  "cut off": (t, hex) => `t=${t},v1=${hex.slice(0, -1)}`,
  "one digit more": (t, hex) => `t=${t},v1=${hex}0`,
  spaces: (t, hex) => `t=${t}, v1=${hex}`,
  semicolons: (t, hex) => `t=${t};v1=${hex}`,
  quotes: (t, hex) => `t=${t},v1="${hex}"`,
  "a thousand wrong ones": (t) => `t=${t}${`,v1=${"a".repeat(64)}`.repeat(1000)}`,
  "nothing but commas": () => ",".repeat(2000),
  text: (_, __, rest) => rest,
  "text for the signature": (t, _, rest) => `t=${t},v1=${rest}`,
};

const UNSIGNED = new Set(["SIGNATURE_INVALID", "PAYLOAD_TOO_LARGE"]);

it("whatever is not signed → 401 or 413, and no object is made", async () => {
  const objects = async () => [
    await listDurableObjectIds(env.STRIPE_EVENT),
    await listDurableObjectIds(env.EVENT_INDEX),
  ];
  const before = await objects();
  const inputs = fc.record({
    event: spoiledEventArb,
    how: fc.constantFrom(...Object.keys(SPOILED_HEADERS)),
    text: fc.string({ maxLength: 200 }),
    secret: fc.constantFrom(SECRET, " ", "whsec_", "undefined"),
  });
  await fuzz(inputs, async ({ event, how, text, secret }) => {
    const body = bodyOf(event);
    const now = Math.floor(Date.now() / 1000);
    const signed = await signPayload(body, secret, { timestampSeconds: now });
    const hex = /v1=([0-9a-f]+)/.exec(signed)?.[1] ?? "";
    const answer = await deliver(body, { header: SPOILED_HEADERS[how]?.(now, hex, text) ?? "" });
    expectDecent(answer);
    demand(UNSIGNED.has(answer.body.code), JSON.stringify(answer.body));
  });
  // Signed, and changed on the way.
  await fuzz(fc.record({ event: spoiledEventArb, at: fc.nat(), bit: fc.nat({ max: 7 }) }), async (input) => {
    const body = bodyOf(input.event);
    const header = await signPayload(body, SECRET, { timestampSeconds: Math.floor(Date.now() / 1000) });
    const changed = body.length === 0 ? utf8("x") : body.slice();
    const at = input.at % changed.length;
    changed[at] = (changed[at] ?? 0) ^ (1 << input.bit);
    const answer = await deliver(changed, { header });
    demand(UNSIGNED.has(answer.body.code), JSON.stringify(answer.body));
  });
  expect(await objects()).toEqual(before);
});

/** The keys of each documented 200. */
const SNAPSHOT_KEYS: Readonly<Record<string, readonly string[]>> = {
  forwarded: ["idempotency_key", "forwarded_to_ledger", "ledger_status", "settlement_id"],
  ignored: ["reason", "idempotency_key", "forwarded_to_ledger"],
  failed: ["error_code", "reason", "forwarded_to_ledger"],
};
const FAILED_KEYS = ["attempts", "ledger_status", "ledger_code", "retry_scheduled", "next_retry_at"];
const CONSOLE_SCRIPT = `<script src="/console/app.js" type="module">`;

it("whatever is signed → one documented answer; stored, listed and shown, or refused without an object", async () => {
  const { cookie } = await signIn();
  const inputs = fc.record({ event: spoiledEventArb, isNamed: fc.boolean() });
  const tried = await fuzz(inputs, async ({ event, isNamed }) => {
    const touched: string[] = [];
    const body = bodyOf(event);
    const overrides = {
      STRIPE_CONNECTED_ACCOUNTS: isNamed ? CONNECTED_ACCOUNT : undefined,
      STRIPE_EVENT: watchedBinding(touched),
    };
    const answer = await deliver(body, { env: overrides });
    expectDecent(answer);
    demand(!JSON.stringify(answer.body).includes(CANARY), "the body's text in the answer");
    const [eventId] = touched;
    if ([400, 413, 422].includes(answer.status)) {
      return demand(eventId === undefined, "refused, but its object was asked");
    }
    if (answer.body.reason === NOT_LISTED) {
      const isSpoiled = event.mutations.some(({ at }) => at === "account" || at === "");
      return expectNotListed(answer, eventId, isNamed && !isSpoiled);
    }
    expectDocumented(answer, eventId ?? "");
    await expectStored(answer, eventId ?? "");
    expectReplayed(answer, await deliver(body, { env: overrides }));
    await expectRetried(eventId ?? "", overrides);
    const page = await getPage(`/console/events/${eventId}`, { cookie });
    expectDecent(page);
    const scripts = page.body.match(/<script[^>]*>/g);
    demand(page.status === 200 && scripts.join() === CONSOLE_SCRIPT, `${page.status}, ${scripts}`);
  });
  expect(tried).toBeGreaterThan(0);
});

const NOT_LISTED = "connected_account_not_listed";

function expectNotListed({ status, body }: Answer, eventId: string | undefined, mayBeListed: boolean): void {
  demand(status === 200 && eventId === undefined, "not listed, but its object was asked");
  demand(!mayBeListed, "a named account, and not listed");
  const keys = "event_id,event_type,forwarded_to_ledger,ok,reason,state";
  demand(Object.keys(body).sort().join() === keys, JSON.stringify(body));
}

function watchedBinding(touched: string[]): Pick<typeof env.STRIPE_EVENT, "getByName"> {
  return {
    getByName: (name) => {
      touched.push(name);
      return env.STRIPE_EVENT.getByName(name);
    },
  };
}

function expectDocumented({ status, body }: Answer, eventId: string): void {
  const told = status === 200 ? body : body.details;
  const keys: Record<number, readonly string[]> = {
    200: ["ok", "deduped", "event_type", ...(SNAPSHOT_KEYS[body.state] ?? ["an undocumented state"])],
    502: FAILED_KEYS,
    // An id that another run has taken.
    409: [],
  };
  const documented = ["event_id", "state", ...(keys[status] ?? [`not ${status}`])].sort().join();
  demand(Object.keys(told).sort().join() === documented, `${documented}: ${JSON.stringify(told)}`);
  demand(told.event_id === eventId && (status !== 502 || told.state === "failed"), JSON.stringify(told));
}

async function expectStored({ status, body }: Answer, eventId: string): Promise<void> {
  const shown = await showEvent(eventId);
  expectDecent(shown);
  const { state } = status === 200 ? body : body.details;
  demand(shown.status === 200 && shown.body.state === state, `${shown.status} ${shown.body.state}`);
  const list = await operator("GET", `/v1/admin/events?payment_id=${eventId}`);
  const rows: { event_id: string; state: string }[] = list.body.events;
  const [row] = rows;
  demand(rows.length === 1 && row?.event_id === eventId && row.state === state, JSON.stringify(rows));
}

function expectReplayed(answer: Answer, replay: Answer): void {
  const { request_id: _, ...told } = replay.body;
  const { request_id: __, ...before } = answer.body;
  const wanted = answer.status === 200 ? { ...before, deduped: true } : before;
  demand(isDeepStrictEqual(told, wanted), `replayed: ${JSON.stringify(told)}`);
}

/** What could not be mapped is mapped again, from the bytes that were kept. */
async function expectRetried(eventId: string, overrides: Record<string, unknown>): Promise<void> {
  const before = await showEvent(eventId);
  const retried = await operator("POST", `/v1/admin/events/${eventId}/retry`, {}, { env: overrides });
  expectDecent(retried);
  const isOpen = before.body.state === "failed";
  demand(retried.status === (isOpen ? 200 : 409), `a retry of ${before.body.state}: ${retried.status}`);
  demand(!isOpen || retried.body.reason === before.body.reason, `mapped again: ${retried.body.reason}`);
}
