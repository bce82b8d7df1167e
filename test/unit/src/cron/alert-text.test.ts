import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failuresText, longOpenOfAll, longOpenText } from "../../../../src/cron/alert-text.ts";
import type { PermanentFailure } from "../../../../src/event-index/alert-facts.ts";

const failure = (fields: Partial<PermanentFailure> = {}): PermanentFailure => ({
  received_at: 1,
  event_id: "evt_1",
  revision: 3,
  event_type: "payment_intent.succeeded",
  reason: "ledger_rejected",
  amount_minor: "129900",
  currency: "USD",
  ...fields,
});

describe("failuresText", () => {
  it("one event → which, how much, why, and where to look", () => {
    expect(failuresText("production", [failure()])).toBe(
      [
        "clawsettle production: 1 event failed for good and needs an operator. USD 1,299.00.",
        "• evt_1 payment_intent.succeeded, USD 1,299.00: ledger_rejected",
        "Look: /console/events?state=failed",
      ].join("\n"),
    );
  });

  it("an amount that nobody knows is said so, and does not hide the others", () => {
    const unmappable = failure({
      event_id: "evt_2",
      reason: "account_missing",
      amount_minor: null,
      currency: null,
    });
    const text = failuresText("staging", [failure(), unmappable, failure({ amount_minor: "1" })]);
    expect(text).toContain("3 events failed for good and need an operator. USD 1,299.01, unknown amount.");
    expect(text).toContain("• evt_2 payment_intent.succeeded, unknown amount: account_missing");
  });

  it.each([
    ["a sum of which nobody knows the currency", { currency: null }, "unknown amount: ledger_rejected"],
    ["a currency without a sum", { amount_minor: null }, "unknown amount: ledger_rejected"],
    ["no reason", { reason: null }, "USD 1,299.00: unknown"],
    ["a type as long as may be", { event_type: "x".repeat(60) }, "USD 1,299.00: ledger_rejected"],
  ])("%s → what is known, whole", (_, fields, told) => {
    const given = failure(fields);
    expect(failuresText("staging", [given]).split("\n")[1]).toBe(`• evt_1 ${given.event_type}, ${told}`);
  });

  it("just 20 → all of them, and no word of more", () => {
    const text = failuresText(
      "staging",
      Array.from({ length: 20 }, () => failure()),
    );
    expect(text.split("\n")).toHaveLength(22);
  });

  it("more than 20 → 20 of them, how many more there are, and the sum of all", () => {
    const text = failuresText(
      "staging",
      Array.from({ length: 25 }, () => failure({ amount_minor: "100" })),
    );
    expect(text.match(/^• /gm)).toHaveLength(20);
    expect(text).toContain("… and 5 more");
    expect(text).toContain("25 events failed for good and need an operator. USD 25.00.");
  });

  it("a type with a link, a mention or no end → text, and short", () => {
    const text = failuresText("staging", [
      failure({ event_type: "<!channel> <https://evil.example|look>" }),
      failure({ event_type: "&".repeat(100) }),
      failure({ event_type: "x".repeat(100_000) }),
    ]);
    expect(text).toContain("&lt;!channel&gt; &lt;https://evil.example|look&gt;");
    expect(text).toContain(`${"&amp;".repeat(60)}…`);
    expect(text.length).toBeLessThan(4_000);
  });

  it("whatever the type is, no chat tool finds a link or a mention in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (event_type) => {
        expect(failuresText("staging", [failure({ event_type })])).not.toMatch(/[<>]/);
      }),
    );
  });
});

describe("longOpenText", () => {
  const money = [
    { currency: "EUR", count: 2, amount_minor: "5000" },
    { currency: null, count: 1, amount_minor: null },
  ];

  it("how many, how much, since when", () => {
    const now = 10_000_000;
    const text = longOpenText("production", { money, oldest: now - 95 * 60_000 }, 3_600_000, now);
    expect(text).toBe(
      "clawsettle production: 3 events have been open for over 60 min, the oldest for 95 min. EUR 50.00, unknown amount.\nLook: /console",
    );
  });

  it("one event → in the singular", () => {
    const one = [{ currency: "EUR", count: 1, amount_minor: "5000" }];
    const text = longOpenText("staging", { money: one, oldest: 0 }, 3_600_000, 3_660_000);
    expect(text).toContain("1 event has been open for over 60 min, the oldest for 61 min. EUR 50.00.");
  });
});

describe("longOpenOfAll", () => {
  it("shards with and without open events → sums, the first and the last", () => {
    const usd = (count: number, amount_minor: string) => [{ currency: "USD", count, amount_minor }];
    expect(
      longOpenOfAll([
        { money: usd(1, "10"), oldest: 5, unreported: 1 },
        { money: [], oldest: null, unreported: 0 },
        { money: usd(2, "5"), oldest: 3, unreported: 2 },
      ]),
    ).toEqual({ money: usd(3, "15"), oldest: 3, unreported: 3 });
    expect(longOpenOfAll([])).toEqual({ money: [], oldest: null, unreported: 0 });
  });
});
