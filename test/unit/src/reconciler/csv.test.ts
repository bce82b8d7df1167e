import { describe, expect, it } from "vitest";
import { toCsv } from "../../../../src/reconciler/csv.ts";
import { addAmounts } from "../../../../src/reconciler/totals.ts";
import { ACCEPTANCE, DIFFERENCE } from "../../../support/runs.ts";

const NOTHING = { totals: [], counts: {}, accepted: {}, lines: [] };

describe("CSV", () => {
  it("totals, counts and differences → a line each, under one header, as RFC 4180 ends lines", async () => {
    const money = { currency: "USD", direction: "payout", status: "confirmed" };
    const totals = addAmounts(
      [],
      [
        { ...money, side: "stripe", amount_minor: "9007199254740993" },
        { ...money, side: "clawsettle", amount_minor: "1" },
        { ...money, side: "ledger", amount_minor: "2" },
        { ...money, side: "ledger", amount_minor: "3" },
      ],
    );
    const csv = await toCsv({
      totals,
      lines: [
        { currency: "JPY", part: "elsewhere", class: "fees_withheld", count: 2, amount_minor: "-150" },
        { currency: "USD", part: "moved", class: "", count: 1, amount_minor: "-5" },
      ],
      counts: { mismatched: 1, ignored: 7, missing: 0 },
      accepted: { orphan: 2 },
      differences: [DIFFERENCE, { ...DIFFERENCE, accepted: ACCEPTANCE }],
    });
    expect(csv).toBe(
      [
        "line,kind,event_id,event_type,created_at,field,ours,theirs,reason,payment_id,direction,status,currency,amount_minor,transaction_id,settlement_id,amount,part,class,count,stripe_count,stripe_amount_minor,stripe_amount,clawsettle_count,clawsettle_amount_minor,clawsettle_amount,ledger_count,ledger_amount_minor,ledger_amount,accepted_by,accepted_at,accepted_note",
        "total,,,,,,,,,,payout,confirmed,USD,,,,,,,,1,9007199254740993,90071992547409.93,1,1,0.01,2,5,0.05,,,",
        "money,,,,,,,,,,,,JPY,-150,,,-150,elsewhere,fees_withheld,2,,,,,,,,,,,,",
        "money,,,,,,,,,,,,USD,-5,,,-0.05,moved,,1,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,JPY,0,,,0,booked,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,JPY,-150,,,-150,elsewhere,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,JPY,0,,,0,open,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,JPY,0,,,0,accepted,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,JPY,0,,,0,unexplained,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,JPY,150,,,150,difference,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,USD,0,,,0.00,booked,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,USD,0,,,0.00,elsewhere,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,USD,0,,,0.00,open,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,USD,0,,,0.00,accepted,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,USD,0,,,0.00,unexplained,,,,,,,,,,,,,,",
        "statement,,,,,,,,,,,,USD,-5,,,-0.05,difference,,,,,,,,,,,,,,",
        "count,ignored,,,,,,,,,,,,,,,,,,7,,,,,,,,,,,,",
        "count,mismatched,,,,,,,,,,,,,,,,,,1,,,,,,,,,,,,",
        "accepted,orphan,,,,,,,,,,,,,,,,,,2,,,,,,,,,,,,",
        "difference,mismatched,evt_1,payout.paid,2027-01-15T00:00:00.000Z,amount_minor,1,2,,po_1,payout,confirmed,USD,1,,,0.01,,,,,,,,,,,,,,,",
        "difference,mismatched,evt_1,payout.paid,2027-01-15T00:00:00.000Z,amount_minor,1,2,,po_1,payout,confirmed,USD,1,,,0.01,,,,,,,,,,,,,ana,2027-01-16T00:00:00.000Z,paid by hand",
        "",
      ].join("\r\n"),
    );
  });

  it("nothing was found → the header alone", async () => {
    const csv = await toCsv({ ...NOTHING, differences: [] });
    expect(csv).toMatch(/^line,kind,[a-z_,]+\r\n$/);
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])(
    "a value that begins a formula, %j → a text",
    async (ours) => {
      const csv = await toCsv({ ...NOTHING, differences: [{ ...DIFFERENCE, ours }] });
      expect(csv).toMatch(/,"?'/);
    },
  );

  it("quotes, commas and line ends stay in their field", async () => {
    const ours = 'a "b",\r\nc';
    const csv = await toCsv({ ...NOTHING, differences: [{ ...DIFFERENCE, ours }] });
    expect(csv).toContain('"a ""b"",\r\nc"');
  });
});
