import { describe, expect, it } from "vitest";
import { accountOfAnswer } from "../../../../src/ledger/outcome.ts";
import { answer, error } from "./answers.ts";

describe("a look-up", () => {
  const payin = {
    id: "stl_1",
    account_id: "acc_1",
    amount_minor: "100",
    currency: "USD",
    status: "confirmed",
  };
  const found = { kind: "found", account_id: "acc_1" };
  const notResolved = {
    kind: "unavailable",
    ledger_status: 404,
    ledger_code: "ACCOUNT_NOT_RESOLVED",
    retry_after_ms: null,
  };
  const notUnderstood = { kind: "unknown", why: "answer_not_the_ledgers", ledger_status: 200 };

  it.each([
    ["one payin", [payin], found],
    ["a payin that names its direction", [{ ...payin, direction: "payin" }], found],
    ["a failed payin: it credited nobody", [{ ...payin, status: "failed" }], notResolved],
    ["a pending payin: it has credited nobody yet", [{ ...payin, status: "pending" }], notResolved],
    ["the same account twice", [payin, payin], found],
    [
      "a refund of another account beside it",
      [{ ...payin, direction: "refund", account_id: "acc_2" }, payin],
      found,
    ],
    ["a refund only", [{ ...payin, direction: "refund" }], notResolved],
    ["an empty list", [], notResolved],
    [
      "two accounts: a guess could debit a stranger",
      [payin, { ...payin, account_id: "acc_2" }],
      notUnderstood,
    ],
    ["a payin without an account", [{ id: "stl_1" }], notUnderstood],
    ["a payin with an empty account", [{ ...payin, account_id: "" }], notUnderstood],
    ["a payin with a number for an account", [{ ...payin, account_id: 7 }], notUnderstood],
    ["no list", payin, notUnderstood],
    ["nothing", undefined, notUnderstood],
  ])("answered with %s", (_, settlements, meaning) => {
    expect(accountOfAnswer(answer({ status: 200, body: JSON.stringify({ settlements }) }))).toEqual(meaning);
  });

  it("404 of the ledger → not resolved", () => {
    const body = error("NOT_FOUND");
    expect(accountOfAnswer(answer({ status: 404, body, retryAfter: "9" }))).toEqual(notResolved);
  });

  it.each([
    ["nothing", "", "answer_not_the_ledgers"],
    ["a page", "<html>", "answer_not_the_ledgers"],
    ["half an error", null, "answer_cut_off"],
  ])("404 with %s → unknown: it was not the ledger", (_, body, why) => {
    expect(accountOfAnswer(answer({ status: 404, body }))).toEqual({
      kind: "unknown",
      why,
      ledger_status: 404,
    });
  });

  it("200 with a page → unknown", () => {
    expect(accountOfAnswer(answer({ status: 200, body: "<html>" }))).toEqual(notUnderstood);
  });

  it("200 that was cut off → unknown", () => {
    expect(accountOfAnswer(answer({ status: 200, body: null }))).toEqual({
      ...notUnderstood,
      why: "answer_cut_off",
    });
  });
});
