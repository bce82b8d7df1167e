import { describe, expect, it } from "vitest";
import { settlementOfAnswer } from "../../../../src/ledger/outcome.ts";
import { answer } from "./answers.ts";

const HELD = { account_id: "acc_1", amount_minor: "100", currency: "USD", status: "confirmed" };
const body = (settlements: unknown) => JSON.stringify({ settlements });
const notUnderstood = { kind: "unknown", why: "answer_not_the_ledgers", ledger_status: 200 };

describe("what the ledger says of one settlement", () => {
  it.each([
    ["one", [{ ...HELD, id: "stl_1", direction: "payout" }], { kind: "found", settlement: HELD }],
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

  it("404 → absent, whatever the body", () => {
    for (const text of [null, "", "<html>"]) {
      expect(settlementOfAnswer(answer({ status: 404, body: text }), "payin")).toEqual({ kind: "absent" });
    }
  });

  it.each([
    [401, "unavailable"],
    [500, "unavailable"],
    [400, "rejected"],
  ])("%i → %s", (status, kind) => {
    expect(settlementOfAnswer(answer({ status, body: "{}" }), "payin")).toMatchObject({ kind });
  });

  it("cut off → unknown, and never absent", () => {
    expect(settlementOfAnswer(answer({ status: 200, body: null }), "payin")).toEqual({
      kind: "unknown",
      why: "answer_cut_off",
      ledger_status: 200,
    });
  });
});
