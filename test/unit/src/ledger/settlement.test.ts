import { describe, expect, it } from "vitest";
import { settlementOfAnswer } from "../../../../src/ledger/outcome.ts";
import { answer, error } from "./answers.ts";

const HELD = {
  id: "stl_1",
  account_id: "acc_1",
  amount_minor: "100",
  currency: "USD",
  status: "confirmed",
  latest_event_id: "led_1",
};
const body = (settlements: unknown) => JSON.stringify({ settlements });
const notUnderstood = { kind: "unknown", why: "answer_not_the_ledgers", ledger_status: 200 };

describe("what the ledger says of one settlement", () => {
  it.each([
    ["one", [{ ...HELD, direction: "payout" }], { kind: "found", settlement: HELD }],
    [
      "one without an event",
      [{ ...HELD, latest_event_id: undefined }],
      { kind: "found", settlement: { ...HELD, latest_event_id: null } },
    ],
    ["one without an id", [{ ...HELD, id: undefined }], notUnderstood],
    ["one without its direction", [HELD], { kind: "found", settlement: HELD }],
    [
      "one of another direction beside it",
      [{ ...HELD, direction: "payin", account_id: "x" }, HELD],
      { kind: "found", settlement: HELD },
    ],
    ["one of another direction only", [{ ...HELD, direction: "payin" }], { kind: "absent" }],
    ["none", [], { kind: "absent" }],
    ["two", [HELD, HELD], notUnderstood],
    ["one without an amount", [{ ...HELD, amount_minor: undefined }], notUnderstood],
    ["an amount that is a number", [{ ...HELD, amount_minor: 100 }], notUnderstood],
    ["no list", HELD, notUnderstood],
  ])("%s", (_, settlements, meaning) => {
    expect(settlementOfAnswer(answer({ status: 200, body: body(settlements) }), "payout")).toEqual(meaning);
  });

  it("404 of the ledger → absent", () => {
    const notFound = answer({ status: 404, body: error("NOT_FOUND") });
    expect(settlementOfAnswer(notFound, "payin")).toEqual({ kind: "absent" });
  });

  it.each([null, "", "<html>", '{"code":"NOT_FOUND"}'])(
    "404 with %j → unknown: it was not the ledger",
    (text) => {
      const found = settlementOfAnswer(answer({ status: 404, body: text }), "payin");
      expect(found).toMatchObject({ kind: "unknown", ledger_status: 404 });
    },
  );

  it.each([
    [401, "unavailable"],
    [500, "unavailable"],
    [400, "rejected"],
  ])("%i → %s", (status, kind) => {
    expect(settlementOfAnswer(answer({ status, body: error("SOME_CODE") }), "payin")).toMatchObject({ kind });
  });

  it("cut off → unknown, and never absent", () => {
    expect(settlementOfAnswer(answer({ status: 200, body: null }), "payin")).toEqual({
      kind: "unknown",
      why: "answer_cut_off",
      ledger_status: 200,
    });
  });
});
