import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pageOfAnswer } from "../../../../src/ledger/list-answer.ts";

/** A page of the ledger's list: nonsense never throws, and is never the end of the list. */

const settlement = (fields: object = {}) => ({
  id: "set_1",
  provider: "stripe",
  external_payment_id: "pi_1",
  direction: "payin",
  status: "confirmed",
  account_id: "acc_1",
  amount_minor: "100",
  currency: "USD",
  latest_event_id: "evt_1",
  created_at: "2027-01-15T08:00:00.000Z",
  ...fields,
});
const answer = (body: unknown, status = 200) => ({
  status,
  body: typeof body === "string" ? body : JSON.stringify(body),
  retryAfter: null,
  nowMs: 0,
});
const NOT_THE_LEDGERS = { kind: "unknown", why: "answer_not_the_ledgers" };

describe("a page", () => {
  it("→ its settlements, with what their metadata says of Stripe's account and money; absent fields are null", () => {
    const metadata = { stripe_account: "acct_1", stripe_balance_transaction: "txn_1", more: 5 };
    const page = pageOfAnswer(
      answer({ settlements: [settlement({ metadata }), settlement({ latest_event_id: undefined })] }),
      null,
    );
    expect(page).toMatchObject({
      kind: "page",
      next_cursor: null,
      settlements: [
        { stripe_account: "acct_1", stripe_balance_transaction: "txn_1", latest_event_id: "evt_1" },
        { stripe_account: null, stripe_balance_transaction: null, latest_event_id: null, settled_at: null },
      ],
    });
  });

  it("with a cursor → where it goes on; metadata of any other shape holds nothing up", () => {
    const page = pageOfAnswer(
      answer({ settlements: [settlement({ metadata: "?" })], next_cursor: "b" }),
      "a",
    );
    expect(page).toMatchObject({ kind: "page", next_cursor: "b", settlements: [{ stripe_account: null }] });
  });

  it.each<[string, object]>([
    ["an empty page that goes on", { settlements: [], next_cursor: "b" }],
    ["the cursor that was asked for", { settlements: [settlement()], next_cursor: "a" }],
    [
      "older ones first",
      { settlements: [settlement(), settlement({ created_at: "2027-01-15T08:00:00.001Z" })] },
    ],
    ["an amount that is none", { settlements: [settlement({ amount_minor: 100 })] }],
    ["no time", { settlements: [settlement({ created_at: undefined })] }],
    ["no list", { ok: true }],
  ])("%s → not the ledger's", (_, body) => {
    expect(pageOfAnswer(answer(body), "a")).toMatchObject(NOT_THE_LEDGERS);
  });

  it("refused, away, or cut off → as of any other request", () => {
    expect(pageOfAnswer(answer("", 503), null)).toMatchObject({ kind: "unavailable" });
    expect(pageOfAnswer(answer({ error: "no", code: "INVALID_CURSOR" }, 400), null)).toMatchObject({
      kind: "rejected",
    });
    expect(pageOfAnswer({ ...answer(""), body: null }, null)).toMatchObject({ why: "answer_cut_off" });
  });

  it("whatever comes → never an exception, and no page without a list", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.integer({ min: 100, max: 599 }), (body, status) => {
        expect(pageOfAnswer(answer(body, status), null).kind).not.toBe("page");
      }),
    );
  });
});
