import { describe, expect, it } from "vitest";
import { type LedgerAnswer, outcomeOfAnswer, settlementOfAnswer } from "../../../../src/ledger/outcome.ts";
import { answer, error, SETTLED } from "./answers.ts";

describe("an ingest is answered with a settlement → accepted", () => {
  it.each([200, 201, 202, 299])("%i", (status) => {
    expect(outcomeOfAnswer(answer({ status, body: SETTLED }))).toEqual({
      kind: "accepted",
      ledger_status: status,
      settlement_id: "stl_1",
      ledger_event_id: null,
    });
  });

  it.each([
    ["its event", { settlement: { id: "stl_1" }, event: { id: "led_1" } }, "led_1"],
    ["the settlement's latest event", { settlement: { id: "stl_1", latest_event_id: "led_2" } }, "led_2"],
    ["both", { settlement: { id: "stl_1", latest_event_id: "led_2" }, event: { id: "led_1" } }, "led_1"],
    ["neither: left out", { settlement: { id: "stl_1" } }, null],
    ["neither: null", { settlement: { id: "stl_1", latest_event_id: null }, event: null }, null],
    ["an event without an id", { settlement: { id: "stl_1", latest_event_id: "led_2" }, event: {} }, "led_2"],
  ])("with %s → that is the proof of the effect", (_, body, ledger_event_id) => {
    const text = JSON.stringify(body);
    expect(outcomeOfAnswer(answer({ status: 201, body: text }))).toMatchObject({
      kind: "accepted",
      ledger_event_id,
    });
  });

  it("that is all the body says", () => {
    const body = '{"settlement":{"id":"stl_2"}}';
    expect(outcomeOfAnswer(answer({ status: 201, body }))).toMatchObject({ settlement_id: "stl_2" });
  });
});

describe("an ingest is answered with 2xx, but with no settlement → unknown: believing it could lose money", () => {
  it.each([
    ["nothing", ""],
    ["a proxy's page", "<!doctype html><title>Welcome</title>"],
    ["half a settlement", SETTLED.slice(0, -5)],
    ["another object", '{"ok":true}'],
    ["no object", '"settlement"'],
    ["null", "null"],
    ["a list", `[${SETTLED}]`],
    ["a settlement without an id", '{"settlement":{"status":"confirmed"}}'],
    ["a settlement with a number for an id", '{"settlement":{"id":1}}'],
    ["a settlement with an empty id", '{"settlement":{"id":""}}'],
    ["an empty id for the event", '{"settlement":{"id":"stl_1"},"event":{"id":""}}'],
    ["a settlement with an endless id", JSON.stringify({ settlement: { id: "x".repeat(256) } })],
    ["deep nesting", "[".repeat(60_000)],
  ])("%s", (_, body) => {
    expect(outcomeOfAnswer(answer({ status: 200, body }))).toEqual({
      kind: "unknown",
      why: "answer_not_the_ledgers",
      ledger_status: 200,
    });
  });

  it("an answer that was cut off", () => {
    expect(outcomeOfAnswer(answer({ status: 201, body: null }))).toEqual({
      kind: "unknown",
      why: "answer_cut_off",
      ledger_status: 201,
    });
  });
});

// Both requests share the table; only a 404 means something else to a look-up.
describe.each([
  ["an ingest", outcomeOfAnswer],
  ["a look-up", (given: LedgerAnswer) => settlementOfAnswer(given, "payin")],
] as const)("%s is refused", (name, outcome) => {
  const healing = [300, 301, 302, 304, 307, 308, 399, 401, 403, 408, 425, 429, 500, 502, 503, 504, 520, 599];
  it.each(name === "an ingest" ? [404, ...healing] : healing)("%i → unavailable", (status) => {
    const body = error("SOME_CODE");
    expect(outcome(answer({ status, body, retryAfter: "7" }))).toEqual({
      kind: "unavailable",
      ledger_status: status,
      ledger_code: "SOME_CODE",
      retry_after_ms: 7_000,
    });
  });

  it.each([
    [409, "CONCURRENT_INGESTION_CONFLICT"],
    [422, "INSUFFICIENT_FUNDS"],
  ])("%i %s → unavailable", (status, code) => {
    expect(outcome(answer({ status, body: error(code) }))).toEqual({
      kind: "unavailable",
      ledger_status: status,
      ledger_code: code,
      retry_after_ms: null,
    });
  });

  it.each([
    [400, "INVALID_REQUEST"],
    [402, "INSUFFICIENT_FUNDS"],
    [405, "METHOD_NOT_ALLOWED"],
    [409, "DUPLICATE_CONFLICT"],
    [409, "INVALID_STATUS_TRANSITION"],
    [409, "IDEMPOTENCY_KEY_REUSED"],
    [409, "INSUFFICIENT_FUNDS"],
    [410, "GONE"],
    [413, "PAYLOAD_TOO_LARGE"],
    [418, "CONCURRENT_INGESTION_CONFLICT"],
    [422, "VALIDATION_FAILED"],
    [422, "CONCURRENT_INGESTION_CONFLICT"],
    [499, "CLOSED"],
  ])("%i %s → rejected, whatever Retry-After says", (status, code) => {
    expect(outcome(answer({ status, body: error(code), retryAfter: "5" }))).toEqual({
      kind: "rejected",
      ledger_status: status,
      ledger_code: code,
    });
  });

  it.each([
    [400, null],
    [401, null],
    [409, null],
    [409, '{"error":"try again","code":"CONCURRENT_ING'],
    [422, null],
    [422, " {"],
  ])("%i whose code was cut off (%j) → unknown: it may heal, or never", (status, body) => {
    const why = "answer_cut_off";
    expect(outcome(answer({ status, body }))).toEqual({ kind: "unknown", why, ledger_status: status });
  });

  it.each([
    [409, ""],
    [409, "Conflict"],
    [422, "{}"],
    [400, "<html>"],
    [401, ""],
    [403, "Attention Required!"],
    [404, '{"message":"no such route"}'],
    [405, '{"code":"METHOD_NOT_ALLOWED"}'],
    [410, '{"error":"gone"}'],
    [451, "null"],
  ])("%i without the ledger's error body (%j) → unknown: it was not the ledger", (status, body) => {
    const why = "answer_not_the_ledgers";
    expect(outcome(answer({ status, body }))).toEqual({ kind: "unknown", why, ledger_status: status });
  });

  it("429 of a rate limit in front of the ledger → unknown, and its Retry-After counts", () => {
    const limited = answer({ status: 429, body: "slow down", retryAfter: "7" });
    expect(outcome(limited)).toMatchObject({ kind: "unknown", ledger_status: 429, retry_after_ms: 7_000 });
  });

  it.each([500, 302])("%i whose body was cut off → unavailable: the status says enough", (status) => {
    const refusal = outcome(answer({ status, body: null }));
    expect(refusal).toMatchObject({ kind: "unavailable", ledger_status: status, ledger_code: null });
  });

  it.each([
    [0, 0],
    [100, 100],
    [199, 199],
    [600, 600],
    [999, 999],
    [-1, -1],
    [200.5, null],
    [Number.NaN, null],
    [Infinity, null],
  ])("%d, which is no status of HTTP → unknown", (status, ledger_status) => {
    const why = "answer_not_the_ledgers";
    expect(outcome(answer({ status, body: SETTLED }))).toEqual({ kind: "unknown", why, ledger_status });
  });
});

describe("the ledger's code → kept only in the form of a code", () => {
  it.each([
    ["A", "A"],
    ["NOT_FOUND", "NOT_FOUND"],
    [`C${"0".repeat(63)}`, `C${"0".repeat(63)}`],
    [`C${"0".repeat(64)}`, null],
    ["", null],
    ["not_found", null],
    ["1ST", null],
    ["_X", null],
    ["NOT FOUND", null],
    ["NOT_FOUND\n", null],
    ["<script>", null],
    [404, null],
    [null, null],
    [["NOT_FOUND"], null],
    [undefined, null],
  ])("%j → %j", (code, ledger_code) => {
    const body = JSON.stringify({ error: "a text that nobody may see", code });
    expect(outcomeOfAnswer(answer({ status: 500, body }))).toMatchObject({
      kind: "unavailable",
      ledger_code,
    });
  });

  it.each([
    ["no JSON", "NOT_FOUND"],
    ["a list", '["NOT_FOUND"]'],
    ["nested", '{"error":{"code":"NOT_FOUND"}}'],
  ])("in a body that is %s → null", (_, body) => {
    expect(outcomeOfAnswer(answer({ status: 503, body }))).toMatchObject({ ledger_code: null });
  });
});
