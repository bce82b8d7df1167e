import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAfter, encodeAfter } from "../../../src/reconciler/after.ts";
import { type Content, canonicalText } from "../../../src/reconciler/content.ts";
import { toCsv } from "../../../src/reconciler/csv.ts";
import { type Amount, type Difference, KINDS, SIDES } from "../../../src/reconciler/findings.ts";
import { addAmounts, isBalanced } from "../../../src/reconciler/totals.ts";

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

const amountArb: fc.Arbitrary<Amount> = fc.record({
  side: fc.constantFrom(...SIDES),
  currency: fc.constantFrom("USD", "JPY"),
  direction: fc.constantFrom("payin", "payout"),
  status: fc.constantFrom("confirmed", "reversed"),
  amount_minor: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(String),
});

describe("totals", () => {
  it("in any order and in any pages → the same sums, exact beyond 2⁵³", () => {
    fc.assert(
      fc.property(fc.array(amountArb, { maxLength: 40 }), fc.nat(40), (amounts, cut) => {
        const whole = addAmounts([], amounts);
        expect(addAmounts(addAmounts([], amounts.slice(cut)), amounts.slice(0, cut))).toEqual(whole);
        for (const side of SIDES) {
          const sum = (parts: readonly string[]) => parts.reduce((total, part) => total + BigInt(part), 0n);
          const given = amounts.flatMap((each) => (each.side === side ? each.amount_minor : []));
          expect(sum(whole.map((total) => total[side].amount_minor))).toBe(sum(given));
          expect(whole.reduce((count, total) => count + total[side].count, 0)).toBe(given.length);
        }
      }),
    );
  });

  it("the same on every side → balanced; one more, or one less, anywhere → not", () => {
    fc.assert(
      fc.property(fc.array(amountArb, { minLength: 1, maxLength: 10 }), (amounts) => {
        const on = (side: Amount["side"]) => amounts.map((amount) => Object.assign({}, amount, { side }));
        const equal = SIDES.flatMap(on);
        expect(isBalanced(addAmounts([], equal))).toBe(true);
        expect(isBalanced(addAmounts([], equal.slice(1)))).toBe(false);
      }),
    );
  });
});

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

  it("is fixed: a change here changes every hash", () => {
    expect(
      canonicalText({ ...content, counts: {}, differences: [DIFFERENCE] })
        .split("\n")
        .slice(0, 5),
    ).toEqual([
      '["clawsettle-reconciliation",1]',
      '["window",0,1000,"charge"]',
      '["events",2]',
      '["count","backfilled",0]',
      '["count","healed",0]',
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

describe("a cursor", () => {
  it("of any difference → comes back", () => {
    for (const kind of KINDS) {
      for (const field of ["", "amount_minor"]) {
        const after = { event_id: "evt_1", kind, field };
        expect(decodeAfter(encodeAfter(after))).toEqual(after);
      }
    }
  });

  it.each(["", "evt_1", "evt_1.nonsense.", "evt_1.missing", "evt 1.missing.", "evt_1.missing.x.y"])(
    "%j → null",
    (text) => {
      expect(decodeAfter(text)).toBeNull();
    },
  );
});
