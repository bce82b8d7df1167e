/** The client against a real HTTP server: what it sends, and what it makes of whole answers. */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ACCEPTED, KEY, PAYLOAD, SETTLED, unavailable, unknown, useTestLedger } from "./server.ts";

const ledger = useTestLedger();

describe("ingest", () => {
  it("sends the payload's bytes, the key and the bearer to the ingest route, once", async () => {
    expect(await ledger.client().ingest(PAYLOAD, KEY)).toEqual(ACCEPTED);
    expect(ledger.received).toHaveLength(1);
    expect(ledger.received[0]).toMatchObject({
      method: "POST",
      url: "/v1/payments/settlements/ingest",
      headers: {
        authorization: "Bearer key_ledger",
        "idempotency-key": KEY,
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(PAYLOAD)),
      },
    });
    expect(ledger.received[0]?.body).toEqual(Buffer.from(PAYLOAD));
  });

  it.each([
    ["", "/v1/payments/settlements/ingest"],
    ["/", "/v1/payments/settlements/ingest"],
    ["//", "/v1/payments/settlements/ingest"],
    ["/ledger/api", "/ledger/api/v1/payments/settlements/ingest"],
    ["/ledger/api/", "/ledger/api/v1/payments/settlements/ingest"],
  ])("base URL that ends in %j → %s", async (path, url) => {
    await ledger.client({ baseUrl: ledger.origin + path }).ingest(PAYLOAD, KEY);
    expect(ledger.received.map((request) => request.url)).toEqual([url]);
  });

  it("compressed answer → accepted", async () => {
    ledger.respond = (response) =>
      response.writeHead(201, { "content-encoding": "gzip" }).end(gzipSync(SETTLED));
    expect(await ledger.client().ingest(PAYLOAD, KEY)).toEqual(ACCEPTED);
  });

  it("answer in pieces, cut inside a letter → accepted", async () => {
    const bytes = Buffer.from('{"settlement":{"id":"stl_é"}}');
    const cut = bytes.indexOf(0xc3) + 1;
    ledger.respond = (response) => {
      response.writeHead(201).write(bytes.subarray(0, cut));
      setTimeout(() => response.end(bytes.subarray(cut)), 20);
    };
    expect(await ledger.client().ingest(PAYLOAD, KEY)).toEqual({ ...ACCEPTED, settlement_id: "stl_é" });
  });

  it("204 without a body → unknown", async () => {
    ledger.respond = (response) => response.writeHead(204).end();
    expect(await ledger.client().ingest(PAYLOAD, KEY)).toEqual(unknown("answer_not_the_ledgers", 204));
  });

  it("503 with Retry-After → unavailable, with the wait", async () => {
    ledger.respond = (response) =>
      response.writeHead(503, { "retry-after": "3" }).end('{"error":"too much","code":"OVERLOADED"}');
    expect(await ledger.client().ingest(PAYLOAD, KEY)).toEqual(unavailable(503, "OVERLOADED", 3_000));
  });

  it("Retry-After as a date → counted from the client's clock", async () => {
    const now = Date.UTC(2030, 0, 1);
    ledger.respond = (response) =>
      response.writeHead(503, { "retry-after": "Tue, 01 Jan 2030 00:01:00 GMT" }).end();
    expect(await ledger.client({ now: () => now }).ingest(PAYLOAD, KEY)).toEqual(
      unavailable(503, null, 60_000),
    );
  });

  it.each([301, 302, 303, 307, 308])(
    "%i → unavailable, and nobody is called with the key",
    async (status) => {
      ledger.respond = (response) =>
        response.writeHead(status, { location: `${ledger.origin}/trap` }).end("moved");
      expect(await ledger.client().ingest(PAYLOAD, KEY)).toEqual(unavailable(status, null, null));
      expect(ledger.received.map((request) => request.url)).toEqual(["/v1/payments/settlements/ingest"]);
    },
  );
});

describe("findSettlement", () => {
  const held = {
    id: "stl_1",
    account_id: "acc_1",
    amount_minor: "100",
    currency: "USD",
    status: "confirmed",
  };

  it("asks for the settlement of the payment in this direction, with the bearer and no body", async () => {
    ledger.respond = (response) => response.end(JSON.stringify({ settlements: [held] }));
    expect(await ledger.client().findSettlement("pi_1", "payin")).toEqual({
      kind: "found",
      settlement: { ...held, latest_event_id: null, released_minor: null },
    });
    expect(ledger.received).toHaveLength(1);
    expect(ledger.received[0]).toMatchObject({
      method: "GET",
      url: "/v1/payments/settlements/stripe/pi_1?direction=payin",
      headers: { authorization: "Bearer key_ledger" },
    });
    expect(ledger.received[0]?.body).toHaveLength(0);
  });

  it.each([
    ["pi_1/../../accounts", "pi_1%2F..%2F..%2Faccounts"],
    ["pi_1?direction=refund&", "pi_1%3Fdirection%3Drefund%26"],
    ["pi_1#", "pi_1%23"],
    ["%2e%2e", "%252e%252e"],
    ["pi_é \uD800", "pi_%C3%A9%20%EF%BF%BD"],
  ])("an id like %j → stays one segment of the path", async (id, segment) => {
    ledger.respond = (response) => response.writeHead(404).end('{"error":"none","code":"NOT_FOUND"}');
    expect(await ledger.client().findSettlement(id, "payin")).toEqual({ kind: "absent" });
    expect(ledger.received.map((request) => request.url)).toEqual([
      `/v1/payments/settlements/stripe/${segment}?direction=payin`,
    ]);
  });

  it.each(["", ".", ".."])(
    "an id %j that would name another resource → absent, nobody is asked",
    async (id) => {
      expect(await ledger.client().findSettlement(id, "payin")).toEqual({ kind: "absent" });
      expect(ledger.received).toEqual([]);
    },
  );
});
