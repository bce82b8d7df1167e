import { describe, expect, it } from "vitest";
import { sha256, utf8 } from "../../../../src/bytes.ts";
import { type Config, loadConfig } from "../../../../src/config.ts";
import { prepareDelivery } from "../../../../src/delivery/prepare.ts";
import { paymentIntentSucceeded, refundCreated } from "../../../../scripts/sandbox/events/stripe-events.ts";

function configOf(overrides: Record<string, string> = {}): Config {
  const configured = loadConfig({
    SETTLE_ENV: "staging",
    STRIPE_WEBHOOK_SIGNING_SECRET: "whsec_one",
    LEDGER_BASE_URL: "https://ledger.example",
    LEDGER_ADMIN_KEY: "ledger-key",
    ...overrides,
  });
  if (!configured.ok) throw new Error(JSON.stringify(configured));
  return configured.config;
}

const EVENT = paymentIntentSucceeded({ account_id: "acc_1", amount: 1234 });
const CONNECTED = "acct_1Connected";
const prepare = (event: object, overrides?: Record<string, string>) =>
  prepareDelivery(utf8(JSON.stringify(event)), configOf(overrides), { secretIndex: 1, requestId: "req_1" });

describe("an event of the right mode", () => {
  it("→ a delivery: its envelope, its money, the digest of its bytes, how it came; not its body", async () => {
    expect(await prepare(EVENT)).toMatchObject({
      kind: "delivery",
      delivery: {
        event_id: EVENT.id,
        event_type: "payment_intent.succeeded",
        livemode: false,
        api_version: EVENT.api_version,
        stripe_account: null,
        mapping: { kind: "settlement", settlement: { amount_minor: "1234", account_id: "acc_1" } },
        body_sha256: await sha256(utf8(JSON.stringify(EVENT))),
        secret_index: 1,
        body: null,
        request_id: "req_1",
      },
    });
  });

  it("that cannot be mapped → its body too: it is all that is left to repair it from", async () => {
    const event = { ...EVENT, data: { object: { ...EVENT.data.object, amount_received: null } } };
    expect(await prepare(event)).toMatchObject({
      kind: "delivery",
      delivery: { mapping: { kind: "unmappable" }, body: utf8(JSON.stringify(event)) },
    });
  });

  it("with a question before it → its body too: the answer may be that nobody can say", async () => {
    const refund = refundCreated({ payment_intent: "pi_1", amount: 5 });
    expect(await prepare(refund)).toMatchObject({
      kind: "delivery",
      delivery: {
        mapping: { kind: "question", question: { kind: "payin", payment: "pi_1" } },
        body: utf8(JSON.stringify(refund)),
      },
    });
  });

  it("that moves no money → not its body", async () => {
    const nothing = { ...EVENT, type: "customer.created" };
    expect(await prepare(nothing)).toMatchObject({
      kind: "delivery",
      delivery: { mapping: { kind: "ignored" }, body: null },
    });
  });

  it("whose account stands under another key → found under STRIPE_ACCOUNT_METADATA_KEY alone", async () => {
    const mapping = async (key: string) => {
      const prepared = await prepare(EVENT, { STRIPE_ACCOUNT_METADATA_KEY: key });
      return prepared.kind === "delivery" && prepared.delivery.mapping.kind;
    };
    expect([await mapping("account_id"), await mapping("wallet")]).toEqual(["settlement", "unmappable"]);
  });

  it("without an account → a question with a key for Stripe's API, unmappable without one", async () => {
    const paid = paymentIntentSucceeded({ amount: 5 });
    expect(await prepare(paid)).toMatchObject({
      delivery: { mapping: { kind: "unmappable", reason: "account_missing" } },
    });
    expect(await prepare(paid, { STRIPE_API_KEY: "rk_test_x" })).toMatchObject({
      delivery: { mapping: { kind: "question", question: { kind: "account" } } },
    });
  });
});

describe("an event of a connected account", () => {
  const event = { ...EVENT, account: CONNECTED };

  it.each([false, true, undefined])(
    "that is not named, livemode %s → not listed, in either mode",
    async (livemode) => {
      const notListed = {
        kind: "not_listed",
        event_id: EVENT.id,
        event_type: "payment_intent.succeeded",
        stripe_account: CONNECTED,
      };
      expect(await prepare({ ...event, livemode })).toEqual(notListed);
      expect(await prepare({ ...event, livemode }, { STRIPE_CONNECTED_ACCOUNTS: "acct_2" })).toEqual(
        notListed,
      );
    },
  );

  it("that is named → a delivery, with the account; of the other mode → refused like every event", async () => {
    const named = { STRIPE_CONNECTED_ACCOUNTS: `acct_2,${CONNECTED}` };
    expect(await prepare(event, named)).toMatchObject({
      kind: "delivery",
      delivery: { stripe_account: CONNECTED, mapping: { kind: "settlement" } },
    });
    expect(await prepare({ ...event, livemode: true }, named)).toMatchObject({
      kind: "refused",
      failure: { kind: "livemode_mismatch" },
    });
  });

  it("the platform's own → settled, whoever is named", async () => {
    expect((await prepare(EVENT, { STRIPE_CONNECTED_ACCOUNTS: CONNECTED })).kind).toBe("delivery");
  });
});

describe("what is refused", () => {
  it.each<[string, object, object]>([
    [
      "a thin event",
      { ...EVENT, object: "v2.core.event" },
      { failure: { kind: "thin_event_unsupported" }, why: "thin" },
    ],
    [
      "two fields missing",
      { ...EVENT, id: 1, type: "" },
      {
        failure: {
          kind: "invalid_request",
          problems: ["id is missing or malformed", "type is missing or malformed"],
        },
        why: "id is missing or malformed; type is missing or malformed",
      },
    ],
    [
      "the other mode",
      { ...EVENT, livemode: true },
      {
        failure: {
          kind: "livemode_mismatch",
          settle_env: "staging",
          expected_livemode: false,
          event_livemode: true,
        },
        why: `${EVENT.id} livemode true`,
      },
    ],
    [
      "no mode",
      { ...EVENT, livemode: undefined },
      {
        failure: {
          kind: "livemode_mismatch",
          settle_env: "staging",
          expected_livemode: false,
          event_livemode: null,
        },
        why: `${EVENT.id} livemode null`,
      },
    ],
  ])("%s → %2$j", async (_, event, refusal) => {
    expect(await prepare(event)).toEqual({ kind: "refused", ...refusal });
  });
});
