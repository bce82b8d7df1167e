/** What holds for every event that a stranger with a signing secret could send. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { paymentIntentSucceeded } from "../../../../scripts/sandbox/events/stripe-events.ts";
import { mapEvent } from "../../../../src/settlement/map.ts";
import { type Mapping, readableMoneySchema } from "../../../../src/settlement/mapping.ts";
import { conclude, type HeldMovement, questionSchema } from "../../../../src/settlement/questions.ts";
import {
  conflicts,
  freeze,
  settlementDraftSchema,
  settlementSchema,
  thaw,
  withAccount,
} from "../../../../src/settlement/settlement.ts";
import { TABLE } from "../../../../src/settlement/mapping-table.ts";
import type { StripeEvent } from "../../../../src/stripe/event.ts";
import { mapped, parsed } from "../../../support/stripe-events.ts";

const anything = fc.jsonValue();
const account = fc.constantFrom("acc_1", " acc_2 ", "ä".repeat(255), "\ud800", "__proto__");
const minor = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(1, 2 ** 53 - 1));
const seconds = fc.oneof(fc.nat(), fc.integer(), fc.maxSafeNat(), fc.double());

/** What is right in every field that some row reads. */
const sound = fc.record({
  id: fc.constantFrom("pi_1", "ch_1", "x".repeat(255)),
  amount: minor,
  amount_received: minor,
  amount_captured: minor,
  balance_transaction: fc.constantFrom("txn_1", { id: "txn_1" }, null),
  balance_transactions: fc.array(
    fc.record({
      id: fc.constantFrom("txn_2", "txn_3", "txn_4"),
      amount: fc.oneof(fc.integer(), fc.constantFrom(-1, 1)),
      currency: fc.constantFrom("usd", "eur"),
    }),
    { maxLength: 4 },
  ),
  captured: fc.boolean(),
  paid: fc.boolean(),
  charge: fc.constantFrom("ch_1", null),
  customer: fc.constantFrom("cus_1", null),
  failure_balance_transaction: fc.constantFrom("txn_5", null),
  currency: fc.constantFrom("usd", "EUR", "jpy", "bhd"),
  metadata: fc.oneof(fc.record({ account_id: account }), fc.constant({})),
  payment_intent: fc.constantFrom("pi_1", { id: "pi_1" }, null),
  status: fc.constantFrom("succeeded", "pending", "failed", "canceled"),
  automatic: fc.boolean(),
  created: seconds,
  payment_method_types: fc.constantFrom(["card"], ["sepa_debit", "card"]),
});
const FIELDS = [
  "id",
  "amount",
  "amount_received",
  "amount_captured",
  "balance_transactions",
  "charge",
  "currency",
  "metadata",
  "payment_intent",
];
/** A field or two spoiled, so that the search still reaches the far end of the mapping. */
const spoiled = fc
  .tuple(sound, fc.dictionary(fc.constantFrom(...FIELDS), fc.oneof(anything, fc.double()), { maxKeys: 2 }))
  .map(([right, wrong]) => Object.assign({}, right, wrong));
const object: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 6, arbitrary: sound },
  { weight: 6, arbitrary: spoiled },
  { weight: 1, arbitrary: fc.dictionary(fc.string(), anything) },
);

const type = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...TABLE.keys()) },
  { weight: 1, arbitrary: fc.constantFrom("constructor", "__proto__", "hasOwnProperty") },
  { weight: 1, arbitrary: fc.string() },
);
const anyEvent: fc.Arbitrary<StripeEvent> = fc.record({
  id: fc.constantFrom("evt_1", `evt_${"x".repeat(250)}`),
  type,
  livemode: fc.constantFrom(true, false, null),
  created: fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(null)),
  api_version: fc.constantFrom(null, "2024-06-20", "2026-10-28.clover"),
  account: fc.oneof(fc.constant(null), fc.string()),
  data: fc.record({
    object,
  }),
});

const OPTIONS = { accountKey: "account_id", asksStripe: true };
const RUNS = { numRuns: 3_000 };

describe("for any event at all", () => {
  test("there is an answer, and what would be sent is what the ledger takes", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyEvent, (given) => {
        const mapping = mapEvent(given, OPTIONS);
        seen.add(mapping.kind === "unmappable" || mapping.kind === "ignored" ? mapping.reason : mapping.kind);
        if (mapping.kind === "settlement") settlementSchema.parse(mapping.settlement);
        if (mapping.kind === "unmappable") readableMoneySchema.parse(mapping.money);
        if (mapping.kind === "question") {
          settlementDraftSchema.parse(mapping.draft);
          questionSchema.parse(mapping.question);
          settlementSchema.parse(withAccount(mapping.draft, "acc_1", "payin"));
        }
      }),
      RUNS,
    );
    // Otherwise the search has missed the far end of the mapping, and has proved little.
    const far = [
      "settlement",
      "question",
      "account_missing",
      "endpoint_version_too_old",
      "currency_unknown",
      "object_id_missing",
    ];
    expect([...seen]).toEqual(expect.arrayContaining(far));
  });

  test("the same event gives the same answer, and the event stays as it was", () => {
    fc.assert(
      fc.property(anyEvent, (given) => {
        const before = structuredClone(given);
        const first = mapEvent(given, OPTIONS);
        expect(mapEvent(given, OPTIONS)).toEqual(first);
        expect(given).toEqual(before);
      }),
    );
  });

  test("the frozen payload thaws into the same settlement", () => {
    fc.assert(
      fc.property(anyEvent, (given) => {
        const mapping = mapEvent(given, OPTIONS);
        fc.pre(mapping.kind === "settlement");
        const payload = freeze(mapping.settlement);
        expect(thaw(payload)).toEqual(mapping.settlement);
        expect(freeze(thaw(payload))).toBe(payload);
      }),
    );
  });

  test("a twin with its own id and time never contradicts it", () => {
    fc.assert(
      fc.property(anyEvent, fc.nat(), (given, created) => {
        const twin = mapEvent({ ...given, id: "evt_twin", created }, OPTIONS);
        const first = mapEvent(given, OPTIONS);
        const [a, b] = [moneyOf(first), moneyOf(twin)];
        expect(twin.kind).toBe(first.kind);
        expect(a !== null && b !== null && conflicts(a, b)).toBe(false);
      }),
    );
  });

  test("what comes back is never more than the debit that it undoes, nor another's, nor of another currency", () => {
    const held: fc.Arbitrary<HeldMovement> = fc.record({
      account_id: fc.constantFrom("acc_1", "acc_2"),
      status: fc.constantFrom("pending", "confirmed", "failed", "reversed"),
      amount_minor: minor.map(String),
      currency: fc.constantFrom("USD", "EUR"),
      latest_event_id: fc.constantFrom(null, "led_1"),
      released_minor: fc.constant(null),
    });
    fc.assert(
      fc.property(anyEvent, held, (given, debit) => {
        const mapping = mapEvent(given, OPTIONS);
        fc.pre(mapping.kind === "question" && mapping.question.kind === "debit");
        const conclusion = conclude(mapping.draft, mapping.question, { kind: "held", held: debit });
        if (conclusion.kind !== "settlement") return;
        const { account_id, amount_minor, currency } = conclusion.settlement;
        expect(BigInt(amount_minor) <= BigInt(debit.amount_minor)).toBe(true);
        expect({ account_id, currency, status: "confirmed", proven: true }).toEqual({
          account_id: debit.account_id,
          currency: debit.currency,
          status: debit.status,
          proven: debit.latest_event_id !== null,
        });
      }),
      RUNS,
    );
  });
});

describe("for any amount", () => {
  test("the text is exactly the integer that Stripe sent", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, BigInt(Number.MAX_SAFE_INTEGER)), (amount) => {
        const mapping = mapped(paymentIntentSucceeded({ account_id: "acc_1", amount: Number(amount) }));
        expect(mapping).toMatchObject({ settlement: { amount_minor: amount.toString() } });
      }),
    );
  });
});

test("a payin's payload takes little more than half of a record of 1,000 bytes", () => {
  const event = parsed(paymentIntentSucceeded({ account_id: crypto.randomUUID(), amount: 1_234_567 }));
  const mapping = mapEvent(event, OPTIONS);
  expect(moneyOf(mapping)).not.toBeNull();
  expect(JSON.stringify(moneyOf(mapping)).length).toBeLessThan(520);
});

function moneyOf(mapping: Mapping) {
  if (mapping.kind === "settlement") return mapping.settlement;
  return mapping.kind === "question" ? mapping.draft : null;
}
