import { describe, expect, it } from "vitest";
import { transition } from "../../../../src/event/machine.ts";
import {
  at,
  delivered,
  digest,
  DRAFT,
  DRAFTED,
  EVERY_STATE,
  failedForGood,
  forwarded,
  forwarding,
  healing,
  healingDraft,
  HOUR,
  ASKING,
  resolved,
  SETTLEMENT,
  T0,
} from "../../../support/records.ts";

describe("conflict: the same event_id tells of other money", () => {
  const other = (change: Partial<typeof SETTLEMENT>) =>
    delivered({
      mapping: { kind: "settlement", settlement: { ...SETTLEMENT, ...change } },
      body_sha256: digest(0xcd),
    });

  it.each([
    { external_payment_id: "pi_2", metadata: { stripe_object_id: "pi_2" } },
    { direction: "refund" },
    { status: "failed" },
    { account_id: "acc_2" },
    { amount_minor: "1235" },
    { currency: "EUR" },
  ] as const)("forwarded + delivery with %o → conflict, the event as it was", (change) => {
    const step = transition(forwarded(), other(change), at(HOUR));
    expect(step).toEqual({
      record: forwarded({
        deliveries: 2,
        conflict: { count: 1, last_at: T0 + HOUR, last_body_sha256: digest(0xcd) },
      }),
      effects: [],
      verdict: "conflict",
    });
  });

  it.each([
    ["forwarding", forwarding, true],
    ["forwarding", forwarding, false],
    ["failed(healing)", healing, false],
    ["failed(for good)", failedForGood, false],
    ["resolved", resolved, false],
  ] as const)(
    "%s + delivery of another amount (in flight: %3$o) → conflict, no attempt",
    (_, state, inFlight) => {
      const step = transition(state(), other({ amount_minor: "1" }), at(HOUR, { inFlight }));
      const conflict = { count: 1, last_at: T0 + HOUR, last_body_sha256: digest(0xcd) };
      expect(step).toEqual({ record: state({ deliveries: 2, conflict }), effects: [], verdict: "conflict" });
    },
  );

  it("forwarded + the same object under another external id, as a later mapping names it → its snapshot", () => {
    const step = transition(
      forwarded(),
      other({ external_payment_id: "txn_1", amount_minor: "1" }),
      at(HOUR),
    );
    expect(step).toEqual({ record: forwarded({ deliveries: 2 }), effects: [], verdict: "stored" });
  });

  it("a second conflict → counted, the last one's digest kept", () => {
    const first = transition(forwarded(), other({ currency: "EUR" }), at(1)).record;
    const second = transition(first, delivered({ mapping: ASKING, body_sha256: digest(0xef) }), at(2));
    expect(second.record?.conflict).toEqual({
      count: 2,
      last_at: T0 + 2,
      last_body_sha256: digest(0xef),
    });
  });

  it("failed(draft) + delivery of the same refund with an account of its own → no conflict: one of them is unknown", () => {
    const settlement = { ...DRAFT, account_id: "acc_9" };
    const mapping = { kind: "settlement", settlement } as const;
    const step = transition(healingDraft(), delivered({ mapping }), at(HOUR));
    expect(step).toMatchObject({ verdict: "started", record: { state: "received", work: DRAFTED } });
  });

  it("failed(draft) + delivery of another refund → conflict", () => {
    const mapping = { ...ASKING, draft: { ...DRAFT, amount_minor: "501" } } as const;
    expect(transition(healingDraft(), delivered({ mapping }), at(HOUR)).verdict).toBe("conflict");
  });

  it.each(["ignored", "failed(unmappable)"] as const)(
    "%s + delivery of money → no conflict: none was recorded",
    (name) => {
      expect(transition(EVERY_STATE[name](), delivered(), at(HOUR)).verdict).not.toBe("conflict");
    },
  );
});
