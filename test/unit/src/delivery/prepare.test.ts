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
const prepare = (event: object, overrides?: Record<string, string>) =>
  prepareDelivery(utf8(JSON.stringify(event)), configOf(overrides), { secretIndex: 1, requestId: "req_1" });

describe("an event of the right mode", () => {
  it("→ a delivery: its envelope, its money, the digest of its bytes, how it came; not its body", async () => {
    expect(await prepare({ ...EVENT, account: "acct_1" })).toMatchObject({
      ok: true,
      delivery: {
        event_id: EVENT.id,
        event_type: "payment_intent.succeeded",
        livemode: false,
        api_version: EVENT.api_version,
        stripe_account: "acct_1",
        mapping: { kind: "settlement", settlement: { amount_minor: "1234", account_id: "acc_1" } },
        body_sha256: await sha256(utf8(JSON.stringify({ ...EVENT, account: "acct_1" }))),
        secret_index: 1,
        body: null,
        request_id: "req_1",
      },
    });
  });

  it("that cannot be mapped → its body too: it is all that is left to repair it from", async () => {
    const { metadata: _, ...object } = EVENT.data.object;
    const event = { ...EVENT, data: { object } };
    expect(await prepare(event)).toMatchObject({
      ok: true,
      delivery: { mapping: { kind: "unmappable" }, body: utf8(JSON.stringify(event)) },
    });
  });

  it("of the other family of refund events → ignored", async () => {
    const refund = refundCreated({ payment_intent: "pi_1", amount: 5 });
    const kind = async (mode: string) => {
      const prepared = await prepare(refund, { STRIPE_REFUND_EVENTS: mode });
      return prepared.ok && prepared.delivery.mapping.kind;
    };
    expect([await kind("refund"), await kind("charge")]).toEqual(["account_lookup", "ignored"]);
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
    expect(await prepare(event)).toEqual({ ok: false, ...refusal });
  });
});
