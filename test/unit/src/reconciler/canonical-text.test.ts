import { describe, expect, it } from "vitest";
import { type Content, canonicalText } from "../../../../src/reconciler/canonical-text.ts";
import type { Judged } from "../../../../src/reconciler/findings.ts";
import { addAmounts } from "../../../../src/reconciler/totals.ts";
import { ACCEPTANCE, DIFFERENCE } from "../../../support/runs.ts";

describe("the canonical text", () => {
  const content: Content = {
    window: { from: 0, to: 1_000 },
    events: 2,
    counts: { mismatched: 1, ignored: 1 },
    accepted: {},
    totals: addAmounts(
      [],
      [{ side: "stripe", currency: "USD", direction: "payout", status: "confirmed", amount_minor: "1" }],
    ),
    account: { id: "acct_1", livemode: false },
    stripe_account: null,
    transactions: 3,
    lines: [
      { currency: "USD", part: "moved", class: "", count: 1, amount_minor: "5" },
      { currency: "USD", part: "booked", class: "payins", count: 1, amount_minor: "5" },
    ],
    differences: [DIFFERENCE, { ...DIFFERENCE, event_id: "evt_2" }],
  };

  it("in another order → the same", () => {
    const turned = {
      ...content,
      differences: content.differences.toReversed(),
      counts: { ignored: 1, mismatched: 1 },
    };
    expect(canonicalText(turned)).toBe(canonicalText(content));
  });

  it("any other fact → another", () => {
    const [first, second] = content.differences as [Judged, Judged];
    const withOther = (field: string): Content => {
      return { ...content, differences: [{ ...first, [field]: "other" }, second] };
    };
    const others: Content[] = [
      { ...content, stripe_account: "acct_2" },
      { ...content, window: { from: 0, to: 1_001 } },
      { ...content, events: 3 },
      { ...content, counts: { mismatched: 2, ignored: 1 } },
      { ...content, accepted: { mismatched: 1 } },
      { ...content, totals: [] },
      { ...content, account: null },
      { ...content, transactions: 4 },
      { ...content, lines: [] },
      ...Object.keys(DIFFERENCE).map(withOther),
    ];
    expect(new Set([content, ...others].map(canonicalText)).size).toBe(others.length + 1);
  });

  it("is fixed: a change here changes every hash", () => {
    const money = { currency: "USD", direction: "payout", status: "confirmed" };
    const totals = addAmounts(
      [],
      [
        { ...money, side: "ledger", amount_minor: "2" },
        { ...money, side: "clawsettle", amount_minor: "1" },
        { ...money, side: "stripe", amount_minor: "1" },
        { ...money, side: "stripe", amount_minor: "3", currency: "EUR" },
      ],
    );
    const differences = [
      ...content.differences,
      { ...DIFFERENCE, event_id: "evt_0", reason: "r" },
      { ...DIFFERENCE, event_id: "evt_3", accepted: ACCEPTANCE },
    ];
    const accepted = { mismatched: 1 };
    expect(canonicalText({ ...content, accepted, totals: totals.toReversed(), differences })).toBe(
      `["clawsettle-reconciliation",3]
["account","acct_1",false]
["window",0,1000]
["events",2]
["count","backfilled",0]
["count","healed",0]
["count","missing",0]
["count","expired",0]
["count","malformed",0]
["count","unreachable",0]
["count","open",0]
["count","failed",0]
["count","unmappable",0]
["count","resolved",0]
["count","ignored",1]
["count","conflicting",0]
["count","mismatched",1]
["count","not_in_ledger",0]
["count","unverified",0]
["count","money_without_event",0]
["count","money_not_booked",0]
["count","booked_differently",0]
["count","unknown_class",0]
["count","orphan",0]
["count","without_effect",0]
["count","booked_twice",0]
["accepted_count","mismatched",1]
["total","EUR","payout","confirmed",1,"3",0,"0",0,"0"]
["total","USD","payout","confirmed",1,"1",1,"1",1,"2"]
["transactions",3]
["money","USD","booked","payins",1,"5"]
["money","USD","moved","",1,"5"]
["accepted","evt_3","payout.paid","2027-01-15T00:00:00.000Z","mismatched","amount_minor","1","2",null,"po_1","payout","confirmed","USD","1",null,null]
["difference","evt_0","payout.paid","2027-01-15T00:00:00.000Z","mismatched","amount_minor","1","2","r","po_1","payout","confirmed","USD","1",null,null]
["difference","evt_1","payout.paid","2027-01-15T00:00:00.000Z","mismatched","amount_minor","1","2",null,"po_1","payout","confirmed","USD","1",null,null]
["difference","evt_2","payout.paid","2027-01-15T00:00:00.000Z","mismatched","amount_minor","1","2",null,"po_1","payout","confirmed","USD","1",null,null]
`,
    );
  });
});
