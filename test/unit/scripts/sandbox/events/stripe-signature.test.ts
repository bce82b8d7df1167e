/** What the sender signs, Stripe's own package takes. */
import { Stripe } from "stripe";
import { expect, test } from "vitest";
import { stripeEvent } from "../../../../../scripts/sandbox/events/stripe-events.ts";
import { signPayload } from "../../../../../scripts/sandbox/events/stripe-signature.ts";

const SECRET = "whsec_test";
const body = JSON.stringify(stripeEvent("payout.paid", { description: "Überweisung €" }));
const timestampSeconds = Math.floor(Date.now() / 1000);

test.each([
  ["text", body],
  ["bytes", new TextEncoder().encode(body)],
])("%s → a header that verifies", async (_, payload) => {
  const header = await signPayload(payload, SECRET, { timestampSeconds });
  expect(header).toBe(
    await Stripe.webhooks.generateTestHeaderStringAsync({
      payload: body,
      secret: SECRET,
      timestamp: timestampSeconds,
    }),
  );
  await expect(Stripe.webhooks.constructEventAsync(body, header, SECRET)).resolves.toMatchObject({
    type: "payout.paid",
  });
});

test("another secret → another signature", async () => {
  const header = await signPayload(body, "whsec_other", { timestampSeconds });
  await expect(Stripe.webhooks.constructEventAsync(body, header, SECRET)).rejects.toThrow(/signature/);
});
