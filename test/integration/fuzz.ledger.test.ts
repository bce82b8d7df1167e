/** What a ledger, or whatever stands in its place, can answer. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  paymentIntentSucceeded,
  refundCreated,
  refundFailed,
} from "../../scripts/sandbox/events/stripe-events.ts";
import { brokenBody } from "../support/broken-body.ts";
import { demand, expectDecent } from "../support/fuzz/answers.ts";
import {
  type Damage,
  damageArb,
  damaged,
  hostileJson,
  type Mutation,
  mutationsAt,
} from "../support/fuzz/hostile-json.ts";
import { CANARY } from "../support/fuzz/log.ts";
import { fuzz, prepareFuzz } from "../support/fuzz/search.ts";
import { accepted, scriptLedger } from "../support/scripted-ledger.ts";
import { alarmAt, type Answer, deliver, indexRow, showEvent } from "../support/worker.ts";

prepareFuzz();

interface LedgerSays {
  readonly status: number;
  readonly type: string;
  readonly retryAfter: string | null;
  readonly mutations: readonly Mutation[];
  readonly damage: Damage;
  /** `nothing`: no answer at all. */
  readonly body: "sent" | "broken off" | "none" | "nothing";
}

const SETTLEMENT = {
  settlement: { id: "stl_1", status: "confirmed", note: CANARY },
  idempotency: { key: "k", replayed: false, deduped: false },
  event: { id: "led_1" },
  error: CANARY,
  code: "INSUFFICIENT_FUNDS",
};
/** What the ledger holds of the movement that is asked about. */
const heldAs = (direction: string) => ({
  settlements: [
    {
      id: "stl_1",
      account_id: "acct_1",
      direction,
      status: "confirmed",
      amount_minor: "2500",
      currency: "USD",
      latest_event_id: "led_0",
      metadata: { stripe_released_minor: "1", note: CANARY },
      note: CANARY,
    },
  ],
  code: "NOT_FOUND",
});
const SETTLEMENT_PLACES = [
  ["", "settlement", "settlement.id", "settlement.status"],
  ["event", "event.id", "code", "error"],
].flat();
const HELD_PLACES = [
  ["", "settlements", "settlements.0", "code"],
  ["account_id", "direction", "status", "id", "amount_minor", "currency"].map(
    (field) => `settlements.0.${field}`,
  ),
  ["latest_event_id", "metadata", "metadata.stripe_released_minor"].map((field) => `settlements.0.${field}`),
].flat();

const RETRY_AFTER = [
  ["0", "1", "-1", "1.5", "1e9", "99999999999999999999999", "NaN", "soon", " ", "5, 6", "0x10"],
  ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"],
  ["Mon, 99 Foo 2026 99:99:99 GMT", "Sun Nov  6 08:49:37 1994", "2026-11-23T00:00:00Z"],
].flat();

function saysArb(places: readonly string[]): fc.Arbitrary<LedgerSays> {
  return fc.record({
    status: fc.oneof(
      fc.constantFrom(200, 201, 204, 301, 400, 401, 404, 408, 409, 422, 425, 429, 500, 503, 599),
      fc.integer({ min: 200, max: 599 }),
    ),
    type: fc.constantFrom(
      "application/json",
      "text/html",
      "application/octet-stream",
      "text/html; charset=utf-7",
    ),
    retryAfter: fc.oneof(
      fc.constant(null),
      fc.constantFrom(...RETRY_AFTER),
      fc.string({ unit: "grapheme-ascii" }),
    ),
    mutations: mutationsAt(places, 2),
    damage: damageArb,
    body: fc.oneof(
      { weight: 8, arbitrary: fc.constant("sent" as const) },
      { weight: 1, arbitrary: fc.constantFrom("broken off", "none", "nothing") },
    ),
  });
}

const NO_BODY = new Set([204, 205, 304]);

function responseOf(says: LedgerSays, sound: unknown): Response {
  if (says.body === "nothing") throw new TypeError(`the connection to ${CANARY} was lost`);
  const bytes = damaged(hostileJson(sound, says.mutations), says.damage);
  const body = says.body === "sent" ? bytes : says.body === "none" ? null : brokenBody("{");
  const headers = new Headers({
    "content-type": says.type,
    location: "https://elsewhere.test/",
    "x-note": CANARY,
  });
  if (says.retryAfter !== null) headers.set("retry-after", says.retryAfter.trim());
  return new Response(NO_BODY.has(says.status) ? null : body, { status: says.status, headers });
}

/** A settlement's id as text that came whole, by a reading of our own. */
function bodyText(says: LedgerSays, sound: unknown): string | null {
  if (says.body !== "sent" || NO_BODY.has(says.status) || !isSuccess(says)) return null;
  return new TextDecoder().decode(damaged(hostileJson(sound, says.mutations), says.damage));
}

function isSuccess({ status }: LedgerSays): boolean {
  return status >= 200 && status < 300;
}

/** The settlement's id, and the ledger's own event. */
function provesEffect(text: string | null): boolean {
  try {
    type Body = { settlement?: { id?: unknown; latest_event_id?: unknown }; event?: { id?: unknown } };
    const { settlement, event } = JSON.parse(text ?? "") as Body;
    const isId = (id: unknown) => typeof id === "string" && id !== "";
    return isId(settlement?.id) && (isId(event?.id) || isId(settlement?.latest_event_id));
  } catch {
    return false;
  }
}

/** However they are spelled: "\\u0061" is "a". */
function valuesIn(text: string | null, wanted: string): ReadonlySet<unknown> {
  const found = new Set<unknown>();
  JSON.parse(text ?? "null", (field, value: unknown) => {
    if (field === wanted) found.add(value);
    return value;
  });
  return found;
}

let made = 0;

it("any answer to a settlement → forwarded only by a 2xx that proves its effect; else it waits with an alarm, or for an operator", async () => {
  const tried = await fuzz(saysArb(SETTLEMENT_PLACES), async (says) => {
    scriptLedger(() => responseOf(says, SETTLEMENT));
    const event = paymentIntentSucceeded({ account_id: "acct_1" }, { id: `evt_ledger${made++}` });
    const answer = await deliver(event);
    expectDecent(answer);
    demand(!JSON.stringify(answer.body).includes(CANARY), "the ledger's text in the answer");
    const isForwarded = answer.status === 200;
    demand(isForwarded || answer.status === 502, `${answer.status}`);
    demand(!isForwarded || provesEffect(bodyText(says, SETTLEMENT)), "forwarded without a proven effect");
    // And the other way round: what is sound settles.
    const isSound = says.mutations.length === 0 && says.damage.how === "none" && says.body === "sent";
    const isPlain = isSuccess(says) && !NO_BODY.has(says.status);
    demand(!(isSound && isPlain) || isForwarded, "a settlement that was not believed");
    await expectAtRest(event.id, answer);
  });
  expect(tried).toBeGreaterThan(0);
});

it.each([
  ["whose payment it is", "payin", refundCreated],
  ["for the debit that came back", "refund", refundFailed],
] as const)(
  "any answer to the question %s → the ledger is sent a settlement only for an account that it named",
  async (_, direction, build) => {
    const sound = heldAs(direction);
    const tried = await fuzz(saysArb(HELD_PLACES), async (says) => {
      const ledger = scriptLedger(({ method }) => (method === "GET" ? responseOf(says, sound) : accepted()));
      const event = build({ payment_intent: "pi_1" }, { id: `evt_question${made++}` });
      const answer = await deliver(event);
      expectDecent(answer);
      demand(!JSON.stringify(answer.body).includes(CANARY), "the ledger's text in the answer");
      const sent = ledger.requests.filter(({ method }) => method === "POST");
      const isForwarded = answer.body.state === "forwarded";
      demand(sent.length === (isForwarded ? 1 : 0), `${sent.length} settlements, and ${answer.status}`);
      const text = bodyText(says, sound);
      for (const { body } of sent) {
        const { account_id } = JSON.parse(body) as { account_id: string };
        demand(valuesIn(text, "account_id").has(account_id), `an account that nobody named: ${account_id}`);
        const isTaken = direction === "payin" || valuesIn(text, "status").has("confirmed");
        demand(isTaken, "money back of what was not taken");
      }
      const isSound = says.mutations.length === 0 && says.damage.how === "none" && says.body === "sent";
      const isPlain = isSuccess(says) && !NO_BODY.has(says.status);
      demand(!(isSound && isPlain) || isForwarded, "an answer that was not believed");
      await expectAtRest(event.id, answer);
    });
    expect(tried).toBeGreaterThan(0);
  },
);

/**
 * Final, or with an alarm that is not in the past, or in front of an
 * operator: and in any case listed as it is.
 */
async function expectAtRest(eventId: string, { status, body: told }: Answer): Promise<void> {
  const { body } = await showEvent(eventId);
  demand(body.state === (status === 200 ? told.state : "failed"), `${status} ${body.state}`);
  demand(!JSON.stringify(body).includes(CANARY), "the ledger's text in the event's state");
  const row = await indexRow(eventId);
  demand(row?.["state"] === body.state, `listed as ${row?.["state"]}`);
  const alarm = await alarmAt(eventId);
  if (body.state === "failed" && body.next_retry_at !== null) {
    const due = Date.parse(body.next_retry_at);
    // A day is the longest that a ledger may ask for; a little more keeps retries apart.
    const longest = 25 * 3_600_000;
    demand(alarm === due && due > Date.now() && due <= Date.now() + longest, `due ${body.next_retry_at}`);
  }
  const isPermanent = body.state === "failed" && body.next_retry_at === null;
  const isUnmappable = status === 200 && body.last_error?.code === "EVENT_UNMAPPABLE";
  const isKnown = isUnmappable || body.last_error?.ledger_status >= 400;
  demand(!isPermanent || isKnown, JSON.stringify(body.last_error));
}
