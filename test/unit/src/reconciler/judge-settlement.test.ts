/** What a settlement in the ledger is found to be. */
import { describe, expect, it } from "vitest";
import type { ListedSettlement } from "../../../../src/ledger/port.ts";
import { isInWindow, judgeSettlement } from "../../../../src/reconciler/judge-settlement.ts";
import { HOUR, T0 } from "../../../support/records.ts";

const LISTED: ListedSettlement = {
  id: "stl_1",
  external_payment_id: "pi_1",
  direction: "payin",
  status: "confirmed",
  account_id: "acc_1",
  amount_minor: "1234",
  currency: "USD",
  latest_event_id: "led_1",
  settled_at: new Date(T0).toISOString(),
  provider_created_at: new Date(T0 - HOUR).toISOString(),
  created_at: new Date(T0 - 2 * HOUR).toISOString(),
  stripe_account: null,
  stripe_balance_transaction: "txn_1",
};

const DIFFERENCE = {
  event_id: null,
  event_type: null,
  created_at: new Date(T0).toISOString(),
  field: "",
  ours: null,
  theirs: null,
  reason: null,
  payment_id: "pi_1",
  direction: "payin",
  status: "confirmed",
  currency: "USD",
  amount_minor: "1234",
  transaction_id: "txn_1",
  settlement_id: "stl_1",
};

describe("the window", () => {
  const isIn = (
    fields: Partial<ListedSettlement>,
    from: number,
    to: number,
    stripe_account: string | null = null,
  ) => isInWindow({ ...LISTED, ...fields }, { from, to, stripe_account }, new Set(["acct_1", "acct_2"]));

  it("from its first millisecond on, and not at its end", () => {
    expect(isIn({}, T0, T0 + 1)).toBe(true);
    expect(isIn({}, T0 + 1, T0 + 2)).toBe(false);
    expect(isIn({}, T0 - 1, T0)).toBe(false);
  });

  it("by when it was settled; else by when Stripe made the object; else by when it came to the ledger", () => {
    const times = [{}, { settled_at: null }, { settled_at: null, provider_created_at: null }];
    expect(times.map((fields, n) => isIn(fields, T0 - n * HOUR, T0 - n * HOUR + 1))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it.each([
    [null, [true, false, false]],
    ["acct_1", [false, true, false]],
    ["acct_stranger", [true, false, false]],
  ])(
    "names %s → in the run of the account that it names, if it is listed; else in the platform's",
    (named, expected) => {
      const runs = [null, "acct_1", "acct_2"];
      expect(runs.map((account) => isIn({ stripe_account: named }, T0, T0 + 1, account))).toEqual(expected);
    },
  );
});

describe("money that moves", () => {
  it.each<[string, Partial<ListedSettlement>, boolean, string[]]>([
    ["backed, and proven by the ledger's event", {}, true, []],
    ["backed, without the ledger's event", { latest_event_id: null }, true, ["without_effect"]],
    ["backed by nothing", {}, false, ["orphan"]],
    ["backed by nothing, without the event", { latest_event_id: null }, false, ["orphan", "without_effect"]],
  ])("%s → %s", (_, fields, isBacked, kinds) => {
    const found = judgeSettlement({ ...LISTED, ...fields }, isBacked);
    expect(found).toEqual(kinds.map((kind) => ({ ...DIFFERENCE, kind })));
  });
});

it.each([
  ["payin", "failed"],
  ["payin", "pending"],
  ["payout", "reversed"],
])("a %s that is %s only records → nothing is found, whatever backs it", (direction, status) => {
  expect(judgeSettlement({ ...LISTED, direction, status, latest_event_id: null }, false)).toEqual([]);
});

it("with no time of Stripe's → dated by the ledger", () => {
  const [found] = judgeSettlement({ ...LISTED, settled_at: null, provider_created_at: null }, false);
  expect(found?.created_at).toBe(LISTED.created_at);
});
