/** To whom each question goes, and what is made of the answer. */
import { describe, expect, it } from "vitest";
import { ask } from "../../../../src/event/ask.ts";
import type { Question } from "../../../../src/settlement/questions.ts";
import type { StripeLookups } from "../../../../src/stripe-api/port.ts";
import { HELD, REJECTED } from "../../../support/records.ts";

const PAYIN: Question = { kind: "payin", payment: "pi_1", may_be_release: true };
const DEBIT: Question = { kind: "debit", refund: "re_1", if_absent: "wait" };
const ACCOUNT: Question = { kind: "account", payment: "pi_1", customer: "cus_1", stripe_account: "acct_1" };
const CATEGORY: Question = {
  kind: "category",
  account_id: "acc_1",
  transaction: "txn_1",
  stripe_account: "acct_1",
};
const UNAVAILABLE = { kind: "unavailable", retry_after_ms: 7_000 } as const;
const HEALS = {
  kind: "unavailable",
  ledger_status: null,
  ledger_code: "STRIPE_API_UNAVAILABLE",
  retry_after_ms: 7_000,
};

/** Puts the question; `answer` is the one of whoever is asked. Returns what was asked, and what it means. */
async function put(question: Question, answer: unknown, hasStripe = true) {
  const asked: unknown[] = [];
  const answering =
    (name: string) =>
    async (...args: unknown[]) => {
      asked.push([name, ...args]);
      return answer as never;
    };
  const ledger = { findSettlement: answering("ledger") };
  const stripe: StripeLookups = {
    findAccount: answering("account"),
    findReportingCategory: answering("category"),
  };
  const ports = { ledger, stripe: hasStripe ? stripe : null } as unknown as Parameters<typeof ask>[1];
  return { means: await ask(question, ports), asked };
}

describe.each([
  [PAYIN, ["ledger", "pi_1", "payin"]],
  [DEBIT, ["ledger", "re_1", "refund"]],
] as const)("$kind", (question, asked) => {
  it.each([
    ["found", { kind: "found", settlement: HELD }, { kind: "held", held: HELD }],
    ["absent", { kind: "absent" }, { kind: "held", held: null }],
    ["a refusal", REJECTED, REJECTED],
  ])("the ledger says %s", async (_, answer, means) => {
    expect(await put(question, answer)).toEqual({ means, asked: [asked] });
  });
});

describe("account", () => {
  const asked = [["account", { payment: "pi_1", customer: "cus_1", stripe_account: "acct_1" }]];
  const found = { kind: "found", account_id: "acc_1", source: "customer" };

  it.each([
    ["an account", found, { kind: "account", found }],
    ["that there is none", { kind: "none" }, { kind: "account", found: null }],
    ["nothing for now", UNAVAILABLE, HEALS],
  ])("Stripe says %s", async (_, answer, means) => {
    expect(await put(ACCOUNT, answer)).toEqual({ means, asked });
  });

  it("without a key → none, and nobody is asked", async () => {
    expect(await put(ACCOUNT, found, false)).toEqual({ means: { kind: "account", found: null }, asked: [] });
  });
});

describe("category", () => {
  const asked = [["category", "txn_1", "acct_1"]];
  const found = { kind: "found", reporting_category: "refund" };
  const none = { kind: "category", reporting_category: null };

  it.each([
    ["a category", found, { kind: "category", reporting_category: "refund" }],
    ["that there is no such transaction", { kind: "none" }, none],
    ["nothing for now", UNAVAILABLE, HEALS],
  ])("Stripe says %s", async (_, answer, means) => {
    expect(await put(CATEGORY, answer)).toEqual({ means, asked });
  });

  it("without a key, or without a transaction → none, and nobody is asked", async () => {
    expect(await put(CATEGORY, found, false)).toEqual({ means: none, asked: [] });
    expect(await put({ ...CATEGORY, transaction: null }, found)).toEqual({ means: none, asked: [] });
  });
});
