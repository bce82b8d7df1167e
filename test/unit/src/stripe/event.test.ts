/** The envelope: what every event must have, what may be missing, and what is no event for us. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { paymentIntentSucceeded, stripeEvent } from "../../../../scripts/sandbox/events/stripe-events.ts";
import { type ParsedEvent, parseEvent } from "../../../../src/stripe/event.ts";

const LEAST = { id: "evt_1", type: "payment_intent.succeeded", livemode: false, data: { object: {} } };

const bytes = (text: string) => new TextEncoder().encode(text);
const isAnswer = ({ kind }: ParsedEvent) => ["event", "thin", "invalid"].includes(kind);
const parse = (body: unknown) => parseEvent(bytes(JSON.stringify(body)));

describe("an event", () => {
  test("as Stripe sends it → the envelope and the whole object, and nothing else", () => {
    const body = paymentIntentSucceeded(
      { account_id: "acc_1" },
      { account: "acct_1", previous_attributes: { a: 1 } },
    );
    expect(parse(body)).toEqual({
      kind: "event",
      event: {
        id: body.id,
        type: body.type,
        livemode: false,
        created: body.created,
        api_version: body.api_version,
        account: "acct_1",
        data: { object: body.data.object },
      },
    });
  });

  test("with the least that it must have → null for what is missing", () => {
    expect(parse(LEAST)).toEqual({
      kind: "event",
      event: {
        ...LEAST,
        created: null,
        api_version: null,
        account: null,
        data: { object: {} },
      },
    });
  });

  test.each(["livemode", "created", "api_version"])("%s of another kind counts as missing", (field) => {
    expect(parse({ ...LEAST, [field]: { not: "it" } })).toMatchObject({
      kind: "event",
      event: { [field]: null },
    });
  });

  test("api_version as long as no real one → missing: it is kept with the event", () => {
    const api_version = "x".repeat(255);
    expect(parse({ ...LEAST, api_version })).toMatchObject({ event: { api_version } });
    expect(parse({ ...LEAST, api_version: `${api_version}x` })).toMatchObject({
      event: { api_version: null },
    });
  });

  test.each([{ id: "acct_1" }, ["acct_1"], 1, true, "", "x".repeat(256)])(
    "account %j → invalid: it must not pass for the platform's own event",
    (account) => {
      const problems = ["account is missing or malformed"];
      expect(parse({ ...LEAST, account })).toEqual({ kind: "invalid", problems });
    },
  );

  test.each([undefined, null, "false", 0])("livemode %j → null, for the policy to refuse", (livemode) => {
    expect(parse({ ...LEAST, livemode })).toMatchObject({ event: { livemode: null } });
  });

  test.each([-1, 1.5, 2 ** 53, "1750000000"])("created %j → null", (created) => {
    expect(parse({ ...LEAST, created })).toMatchObject({ event: { created: null } });
  });

  test("with the longest id", () => {
    expect(parse({ ...LEAST, id: `evt_${"x".repeat(250)}` }).kind).toBe("event");
  });

  test("after a byte order mark", () => {
    expect(parseEvent(bytes(`\uFEFF${JSON.stringify(LEAST)}`)).kind).toBe("event");
  });

  test("that names a prototype touches none", () => {
    const text = '{"id":"evt_1","type":"x","livemode":false,"data":{"object":{"__proto__":{"polluted":1}}}}';
    expect(parseEvent(bytes(text)).kind).toBe("event");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("no event", () => {
  test.each([
    ["empty", ""],
    ["text", "hello"],
    ["cut off", JSON.stringify(LEAST).slice(0, -1)],
    ["two of them", JSON.stringify(LEAST).repeat(2)],
  ])("%s → invalid", (_, text) => {
    expect(parseEvent(bytes(text))).toEqual({ kind: "invalid", problems: ["the body is not JSON in UTF-8"] });
  });

  test("bytes that are no UTF-8 → invalid, not mended", () => {
    const [head, tail] = JSON.stringify({ ...LEAST, note: "?" }).split("?");
    const body = new Uint8Array([...bytes(head as string), 0xff, ...bytes(tail as string)]);
    expect(parseEvent(body)).toEqual({ kind: "invalid", problems: ["the body is not JSON in UTF-8"] });
  });

  test.each([[null], [1], ["evt_1"], [[]], [true]])("%j → invalid", (body) => {
    expect(parse(body)).toEqual({ kind: "invalid", problems: ["the body is missing or malformed"] });
  });

  test.each([
    ["id", { ...LEAST, id: undefined }],
    ["id", { ...LEAST, id: "evt_" }],
    ["id", { ...LEAST, id: "pi_1" }],
    ["id", { ...LEAST, id: "evt_1/../2" }],
    ["id", { ...LEAST, id: "evt_1\n" }],
    ["id", { ...LEAST, id: `evt_${"x".repeat(251)}` }],
    ["type", { ...LEAST, type: undefined }],
    ["type", { ...LEAST, type: "" }],
    ["type", { ...LEAST, type: 7 }],
    ["data", { ...LEAST, data: undefined }],
    ["data.object", { ...LEAST, data: {} }],
    ["data.object", { ...LEAST, data: { object: null } }],
    ["data.object", { ...LEAST, data: { object: [] } }],
    ["data.object", { ...LEAST, data: { object: "pi_1" } }],
  ])("without a good %s → invalid, naming it", (field, body) => {
    expect(parse(body)).toEqual({ kind: "invalid", problems: [`${field} is missing or malformed`] });
  });

  test("several problems → each named once, and no value told", () => {
    const result = parse({ id: "secret", type: "", data: {} });
    expect(result).toMatchObject({ kind: "invalid", problems: { length: 3 } });
    expect(JSON.stringify(result)).not.toContain("secret");
  });
});

describe("a thin event", () => {
  test.each([
    { id: "evt_1", object: "v2.core.event", type: "v1.charge.refunded", related_object: { id: "ch_1" } },
    { ...LEAST, object: "v2.core.event" },
    stripeEvent("v1.payment_intent.succeeded", {}),
    stripeEvent("v2.core.account.updated", {}),
    { type: "v2.money_management.payout_method.updated" },
  ])("%j → thin, not invalid", (body) => {
    expect(parse(body)).toEqual({ kind: "thin" });
  });

  test.each(["v3.something", "v1", "customer.v1.x"])("the type %s is none", (type) => {
    expect(parse({ ...LEAST, type }).kind).toBe("event");
  });
});

test("any JSON and any bytes get an answer", () => {
  expect(() => fc.assert(fc.property(fc.jsonValue(), (body) => isAnswer(parse(body))))).not.toThrow();
  expect(() => fc.assert(fc.property(fc.uint8Array(), (body) => isAnswer(parseEvent(body))))).not.toThrow();
});
