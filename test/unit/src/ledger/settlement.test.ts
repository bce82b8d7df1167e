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
const FOUND = { ...HELD, released_minor: null };
const body = (settlements: unknown) => JSON.stringify({ settlements });
const notUnderstood = { kind: "unknown", why: "answer_not_the_ledgers", ledger_status: 200 };

describe("what the ledger says of one settlement", () => {
  it.each([
    ["one", [{ ...HELD, direction: "payout" }], { kind: "found", settlement: FOUND }],
    [
      "one without an event",
      [{ ...HELD, latest_event_id: undefined }],
      { kind: "found", settlement: { ...FOUND, latest_event_id: null } },
    ],
    ["one without an id", [{ ...HELD, id: undefined }], notUnderstood],
    ["one without its direction", [HELD], { kind: "found", settlement: FOUND }],
    [
      "one of another direction beside it",
      [{ ...HELD, direction: "payin", account_id: "x" }, HELD],
      { kind: "found", settlement: FOUND },
    ],
    ["one of another direction only", [{ ...HELD, direction: "payin" }], { kind: "absent" }],
    ["none", [], { kind: "absent" }],
    ["two", [HELD, HELD], notUnderstood],
    [
      "one of an unfinished status",
      [{ ...HELD, status: "pending" }],
      { kind: "found", settlement: { ...FOUND, status: "pending" } },
    ],
    [
      "two of other accounts: a guess could debit a stranger",
      [HELD, { ...HELD, account_id: "x" }],
      notUnderstood,
    ],
    ["one without an account", [{ ...HELD, account_id: undefined }], notUnderstood],
    ["one with an empty account", [{ ...HELD, account_id: "" }], notUnderstood],
    ["one with a number for an account", [{ ...HELD, account_id: 7 }], notUnderstood],
    ["nothing", undefined, notUnderstood],
    ["one without an amount", [{ ...HELD, amount_minor: undefined }], notUnderstood],
    ["an amount that is a number", [{ ...HELD, amount_minor: 100 }], notUnderstood],
    ["no list", HELD, notUnderstood],
  ])("%s", (_, settlements, meaning) => {
    expect(settlementOfAnswer(answer({ status: 200, body: body(settlements) }), "payout")).toEqual(meaning);
  });

  it.each<[string, unknown, string | null]>([
    ["a part that was not captured", { stripe_released_minor: "375", kind: "x" }, "375"],
    ["nothing of the kind", { kind: "x" }, null],
    ["a number for it", { stripe_released_minor: 375 }, null],
    ["null", null, null],
    ["a text", "stripe_released_minor", null],
  ])("whose metadata says %s → released: %3$s", (_, metadata, released_minor) => {
    const found = settlementOfAnswer(answer({ status: 200, body: body([{ ...HELD, metadata }]) }), "payout");
    expect(found).toEqual({ kind: "found", settlement: { ...FOUND, released_minor } });
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

  it("404 that was cut off → unknown, and never absent", () => {
    expect(settlementOfAnswer(answer({ status: 404, body: null }), "payin")).toEqual({
      kind: "unknown",
      why: "answer_cut_off",
      ledger_status: 404,
    });
  });

  it("a page instead of the list → unknown", () => {
    expect(settlementOfAnswer(answer({ status: 200, body: "<html>" }), "payin")).toEqual(notUnderstood);
  });

  it("cut off → unknown, and never absent", () => {
    expect(settlementOfAnswer(answer({ status: 200, body: null }), "payin")).toEqual({
      kind: "unknown",
      why: "answer_cut_off",
      ledger_status: 200,
    });
  });
});
