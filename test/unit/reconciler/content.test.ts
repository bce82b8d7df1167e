import { describe, expect, it } from "vitest";
import { type Content, canonicalText } from "../../../src/reconciler/content.ts";
import { toCsv } from "../../../src/reconciler/csv.ts";
import { type Difference, KINDS } from "../../../src/reconciler/findings.ts";
import { addAmounts, type Total } from "../../../src/reconciler/totals.ts";

const DIFFERENCE: Difference = {
  event_id: "evt_1",
  event_type: "payout.paid",
  created_at: "2027-01-15T00:00:00.000Z",
  kind: "mismatched",
  field: "amount_minor",
  ours: "1",
  theirs: "2",
  reason: null,
  payment_id: "po_1",
  direction: "payout",
  status: "confirmed",
  currency: "USD",
  amount_minor: "1",
};

describe("the canonical text", () => {
  const content: Content = {
    window: { from: 0, to: 1_000 },
    refundEvents: "charge",
    events: 2,
    counts: { mismatched: 1, ignored: 1 },
    totals: addAmounts(
      [],
      [{ side: "stripe", currency: "USD", direction: "payout", status: "confirmed", amount_minor: "1" }],
    ),
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
    const [first, second] = content.differences as [Difference, Difference];
    const withOther = (field: string): Content => {
      return { ...content, differences: [{ ...first, [field]: "other" }, second] };
    };
    const others: Content[] = [
      { ...content, window: { from: 0, to: 1_001 } },
      { ...content, refundEvents: "refund" },
      { ...content, events: 3 },
      { ...content, counts: { mismatched: 2, ignored: 1 } },
      { ...content, totals: [] },
      ...Object.keys(DIFFERENCE).map(withOther),
    ];
    expect(new Set([content, ...others].map(canonicalText)).size).toBe(others.length + 1);
  });

  it("sums in another order → the same; another sum → another", () => {
    const amount = { direction: "payin", status: "confirmed", amount_minor: "1" } as const;
    const totals = addAmounts(
      [],
      [
        { ...amount, side: "stripe", currency: "EUR" },
        { ...amount, side: "ledger", currency: "USD" },
      ],
    );
    const of = (given: Content["totals"]) => canonicalText({ ...content, totals: given });
    expect(of(totals.toReversed())).toBe(of(totals));
    const [first, second] = totals as [Total, Total];
    const others: Total[] = [
      { ...first, currency: "GBP" },
      { ...first, direction: "refund" },
      { ...first, status: "failed" },
      { ...first, stripe: { count: 2, amount_minor: "1" } },
      { ...first, clawsettle: { count: 0, amount_minor: "1" } },
      { ...first, ledger: { count: 1, amount_minor: "0" } },
    ];
    expect(new Set([of(totals), ...others.map((other) => of([other, second]))]).size).toBe(others.length + 1);
  });

  it("is fixed: a change here changes every hash", () => {
    const mismatched = KINDS.indexOf("mismatched");
    const lines = canonicalText(content).split("\n");
    expect(lines.slice(0, 4)).toEqual([
      '["clawsettle-reconciliation",1]',
      '["window",0,1000,"charge"]',
      '["events",2]',
      '["count","backfilled",0]',
    ]);
    expect(lines[3 + mismatched]).toBe('["count","mismatched",1]');
    const difference = (id: string) =>
      `["difference","${id}","payout.paid","2027-01-15T00:00:00.000Z","mismatched","amount_minor","1","2",null,"po_1","payout","confirmed","USD","1"]`;
    expect(lines.slice(3 + KINDS.length)).toEqual([
      '["total","USD","payout","confirmed",1,"1",0,"0",0,"0"]',
      difference("evt_1"),
      difference("evt_2"),
      "",
    ]);
  });
});

describe("CSV", () => {
  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])(
    "a value that begins a formula, %j → a text",
    async (ours) => {
      const csv = await toCsv({ totals: [], counts: {}, differences: [{ ...DIFFERENCE, ours }] });
      expect(csv).toMatch(/,"?'/);
    },
  );

  it("quotes, commas and line ends stay in their field", async () => {
    const ours = 'a "b",\r\nc';
    const csv = await toCsv({ totals: [], counts: {}, differences: [{ ...DIFFERENCE, ours }] });
    expect(csv).toContain('"a ""b"",\r\nc"');
  });
});
