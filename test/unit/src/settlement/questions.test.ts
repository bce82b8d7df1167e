/** What each answer means for what was asked. */
import { describe, expect, test } from "vitest";
import type { Answer, HeldMovement, Question } from "../../../../src/settlement/questions.ts";
import { conclude } from "../../../../src/settlement/questions.ts";
import type { SettlementDraft } from "../../../../src/settlement/settlement.ts";

const REFUND: SettlementDraft = {
  provider: "stripe",
  external_payment_id: "re_1",
  direction: "refund",
  status: "confirmed",
  amount_minor: "300",
  currency: "USD",
  network: "stripe",
  metadata: { stripe_object_id: "re_1", stripe_balance_transaction: "txn_1", stripe_account: "acct_1" },
};
const HELD: HeldMovement = {
  account_id: "acc_7",
  status: "confirmed",
  amount_minor: "300",
  currency: "USD",
  latest_event_id: "led_1",
  released_minor: null,
};
const holds = (fields: Partial<HeldMovement> = {}): Answer => ({
  kind: "held",
  held: { ...HELD, ...fields },
});
const HOLDS_NONE: Answer = { kind: "held", held: null };

const settledFor = (account_id: string, account_source: string) => ({
  kind: "settlement",
  settlement: { ...REFUND, account_id, metadata: { ...REFUND.metadata, account_source } },
});

describe("whose payment", () => {
  const PAYIN: Question = { kind: "payin", payment: "pi_1", may_be_release: false };

  test.each(["confirmed", "reversed"])("the ledger holds it %s → its account's", (status) => {
    expect(conclude(REFUND, PAYIN, holds({ status }))).toEqual(settledFor("acc_7", "payin"));
  });

  test.each([HOLDS_NONE, holds({ status: "pending" }), holds({ status: "failed" })])(
    "%j → wait",
    (answer) => {
      expect(conclude(REFUND, PAYIN, answer)).toEqual({ kind: "wait", code: "ACCOUNT_NOT_RESOLVED" });
    },
  );

  test("nobody had paid, and nothing moved → the authorization was released", () => {
    const question = { ...PAYIN, may_be_release: true };
    expect(conclude(REFUND, question, holds({ status: "failed" }))).toEqual({
      kind: "ignored",
      reason: "authorization_released",
    });
    expect(conclude(REFUND, question, HOLDS_NONE).kind).toBe("wait");
    expect(conclude(REFUND, question, holds()).kind).toBe("settlement");
  });

  test("another account in its own metadata → the payin's wins, and the record shows both", () => {
    const named = (account: string) => ({
      ...REFUND,
      metadata: { ...REFUND.metadata, account_in_metadata: account },
    });
    expect(conclude(named("acc_8"), PAYIN, holds())).toMatchObject({
      settlement: { account_id: "acc_7", metadata: { account_in_metadata: "acc_8" } },
    });
    expect(conclude(named("acc_7"), PAYIN, holds())).toEqual(settledFor("acc_7", "payin"));
  });

  test("a refund of exactly what was not captured → what Stripe counts it as decides", () => {
    expect(conclude(REFUND, PAYIN, holds({ released_minor: "300" }))).toEqual({
      kind: "question",
      question: { kind: "category", account_id: "acc_7", transaction: "txn_1", stripe_account: "acct_1" },
    });
    expect(conclude(REFUND, PAYIN, holds({ released_minor: "299" })).kind).toBe("settlement");
    const dispute = { ...REFUND, external_payment_id: "txn_1", metadata: { stripe_object_id: "du_1" } };
    expect(conclude(dispute, PAYIN, holds({ released_minor: "300" })).kind).toBe("settlement");
  });

  test.each([
    ["partial_capture_reversal", { kind: "ignored", reason: "authorization_released" }],
    ["refund", settledFor("acc_7", "payin")],
    ["refund_failure", { kind: "unmappable", reason: "partial_capture_or_refund" }],
    [null, { kind: "unmappable", reason: "partial_capture_or_refund" }],
  ])("counted as %s → %j", (reporting_category, conclusion) => {
    const question: Question = {
      kind: "category",
      account_id: "acc_7",
      transaction: "txn_1",
      stripe_account: null,
    };
    expect(conclude(REFUND, question, { kind: "category", reporting_category })).toEqual(conclusion);
  });
});

describe("which debit", () => {
  const RETURN: SettlementDraft = { ...REFUND, direction: "payin" };
  const DEBIT: Question = { kind: "debit", refund: "re_1", if_absent: "wait" };

  test("the ledger holds it, and has proven it → its account's", () => {
    for (const amount_minor of ["300", "301"]) {
      expect(conclude(RETURN, DEBIT, holds({ amount_minor }))).toMatchObject({
        settlement: { account_id: "acc_7", direction: "payin", metadata: { account_source: "debit" } },
      });
    }
  });

  test.each([
    HOLDS_NONE,
    holds({ status: "pending" }),
    holds({ status: "failed" }),
    holds({ status: "reversed" }),
    holds({ latest_event_id: null }),
  ])("%j → wait: money comes back only against money taken", (answer) => {
    expect(conclude(RETURN, DEBIT, answer)).toEqual({ kind: "wait", code: "COUNTERPART_NOT_FOUND" });
  });

  test("of a refund that may never have left: no debit → nothing moved; one without effect → wait", () => {
    const question = { ...DEBIT, if_absent: "ignore" } as const;
    expect(conclude(RETURN, question, HOLDS_NONE)).toEqual({ kind: "ignored", reason: "refund_not_moved" });
    expect(conclude(RETURN, question, holds({ latest_event_id: null })).kind).toBe("wait");
    expect(conclude(RETURN, question, holds()).kind).toBe("settlement");
  });

  test.each([{ amount_minor: "299" }, { currency: "EUR" }])("%j → an operator compares", (fields) => {
    expect(conclude(RETURN, DEBIT, holds(fields))).toEqual({ kind: "unmappable", reason: "debit_differs" });
  });
});

describe("whose account, at Stripe", () => {
  const ACCOUNT: Question = { kind: "account", payment: "pi_1", customer: null, stripe_account: null };

  test("named there → that one, and the record says where", () => {
    const found = { account_id: "acc_3", source: "invoice" } as const;
    expect(conclude(REFUND, ACCOUNT, { kind: "account", found })).toEqual(settledFor("acc_3", "invoice"));
  });

  test("named nowhere → an operator assigns one", () => {
    expect(conclude(REFUND, ACCOUNT, { kind: "account", found: null })).toEqual({
      kind: "unmappable",
      reason: "account_missing",
    });
  });
});

test.each<[Question, Answer]>([
  [
    { kind: "payin", payment: "pi_1", may_be_release: false },
    { kind: "account", found: null },
  ],
  [{ kind: "account", payment: "pi_1", customer: null, stripe_account: null }, HOLDS_NONE],
  [
    { kind: "debit", refund: "re_1", if_absent: "wait" },
    { kind: "category", reporting_category: null },
  ],
])("an answer to another question is a mistake of ours: %j, %j", (question, answer) => {
  expect(() => conclude(REFUND, question, answer)).toThrow("no answer to the question");
});
