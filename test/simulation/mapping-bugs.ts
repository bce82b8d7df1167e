/** Planted bugs in what an event means for the ledger, and in what is found out about it. */
import { mapEvent } from "../../src/settlement/map.ts";
import type { Mapping } from "../../src/settlement/mapping.ts";
import { type SettlementDraft, withAccount } from "../../src/settlement/settlement.ts";
import type { StripeEvent } from "../../src/stripe/event.ts";
import type { StripeObject } from "../../scripts/sandbox/events/stripe-objects.ts";
import { LISTED_ACCOUNT, STRANGER } from "../../scripts/sandbox/stripe-account/unusual-accounts.ts";
import type { Bug } from "./bug.ts";
import { ACCOUNT_KEY } from "./stripe-lookups.ts";

export const MAPPING_BUGS: readonly Bug[] = [
  {
    name: "return-without-its-debit",
    wrong: "what comes back is booked once its payment is known, whether or not it was ever taken",
    remap: (sound, { data: { object } }) => {
      if (sound.kind !== "question" || sound.question.kind !== "debit") return sound;
      const payment = String(object["payment_intent"] ?? object["charge"]);
      return { ...sound, question: { kind: "payin", payment, may_be_release: false } };
    },
  },
  {
    name: "cumulative-refund",
    wrong: "the charge's total of refunds is booked as a refund",
    remap: (sound, event) => {
      if (event.type !== "charge.refunded" || sound.kind !== "ignored") return sound;
      const { id, amount_refunded: amount } = event.data.object;
      return mappedAs("refund.created", event, { amount, charge: id, status: "succeeded" });
    },
  },
  {
    name: "dispute-keyed-by-its-id",
    wrong: "all withdrawals of a dispute have one key, so the second is never booked",
    remap: (sound, { data }) =>
      changed(sound, ({ metadata: { kind } }) =>
        kind === "dispute_withdrawn" ? { external_payment_id: String(data.object["id"]) } : {},
      ),
  },
  {
    name: "dispute-returned-in-full",
    wrong: "what comes back of a dispute is taken for all of it",
    remap: (sound, { data }) =>
      changed(sound, ({ metadata: { kind } }) =>
        kind === "dispute_reinstated" ? { amount_minor: String(data.object["amount"]) } : {},
      ),
  },
  {
    name: "metadata-before-the-payin",
    wrong: "the account on a refund counts, and not the one that was credited",
    remap: (sound) => {
      if (sound.kind !== "question" || sound.question.kind !== "payin") return sound;
      const account = sound.draft.metadata["account_in_metadata"];
      if (account === undefined) return sound;
      return { kind: "settlement", settlement: withAccount(sound.draft, account, "payin") };
    },
  },
  {
    name: "twin-debits-twice",
    wrong: "a refund's external id is that of its event, so two events of one refund debit twice",
    remap: (sound, event) =>
      changed(sound, ({ direction }) => (direction === "refund" ? { external_payment_id: event.id } : {})),
  },
  {
    name: "twin-keyed-by-time",
    wrong: "events of one payment are told apart by their second, so a twin in the next one credits twice",
    remap: (sound, { created }) =>
      changed(sound, ({ direction, external_payment_id, metadata }) => {
        const isPayment = direction === "payin" && metadata["kind"] === undefined;
        return isPayment ? { external_payment_id: `${external_payment_id}:${created}` } : {};
      }),
  },
  {
    name: "pending-refund-is-booked",
    wrong: "a refund is booked before its money has left",
    remap: (sound, event) => {
      if (sound.kind !== "ignored" || event.data.object["status"] !== "pending") return sound;
      if (sound.reason !== "refund_not_moved") return sound;
      return mappedAs(event.type, event, { balance_transaction: "txn_none" });
    },
  },
  {
    name: "release-is-a-refund",
    wrong: "what was not captured of an authorization is booked as a refund",
    ports: ({ stripe, ...sound }) => ({
      ...sound,
      stripe: stripe && {
        ...stripe,
        findReportingCategory: async (...asked) => {
          const found = await stripe.findReportingCategory(...asked);
          return found.kind === "found" ? { ...found, reporting_category: "refund" } : found;
        },
      },
    }),
  },
  {
    name: "stranger-is-trusted",
    wrong: "whoever owns a connected account names an account in metadata, and is believed",
    connectedAccounts: [LISTED_ACCOUNT, STRANGER],
  },
  {
    name: "customer-before-the-session",
    wrong: "Stripe's API is asked for the customer first, who may have paid for somebody else",
    ports: ({ stripe, ...sound }) => ({
      ...sound,
      stripe: stripe && {
        ...stripe,
        findAccount: async (question) => {
          const found = await stripe.findAccount({ ...question, payment: "" });
          return found.kind === "none" ? stripe.findAccount(question) : found;
        },
      },
    }),
  },
  {
    name: "closed-movement-is-booked",
    wrong: "only the event is closed, so another event of the same movement books it",
    ports: (sound) => ({ ...sound, ledger: { ...sound.ledger, setMovementResolved: async () => true } }),
  },
  {
    name: "charge-without-intent-ignored",
    wrong: "every charge is taken for covered by its intent",
    remap: (sound, { type }) => {
      const isCharge = type === "charge.succeeded" || type === "charge.captured";
      return isCharge ? { kind: "ignored", reason: "covered_by:payment_intent.succeeded" } : sound;
    },
  },
  {
    name: "failed-payment-is-final",
    wrong: "an attempt to pay that failed is booked as the payment's end, so the success after it is refused",
    remap: (sound, event) =>
      event.type === "payment_intent.payment_failed" ? mappedAs("payment_intent.canceled", event, {}) : sound,
  },
  {
    name: "failed-refund-forgotten",
    wrong: "a refund that failed is booked as its reversal, which pays nothing back",
    remap: (sound) =>
      changed(sound, ({ metadata: { kind } }) =>
        kind === "refund_returned" ? { direction: "refund", status: "reversed" } : {},
      ),
  },
];

/** As the real mapping would have it, were it another type, or had its object other fields. */
function mappedAs(type: string, event: StripeEvent, fields: StripeObject): Mapping {
  const data = { ...event.data, object: { ...event.data.object, ...fields } };
  return mapEvent({ ...event, type, data }, { accountKey: ACCOUNT_KEY, asksStripe: false });
}

function changed(mapping: Mapping, change: (draft: SettlementDraft) => Partial<SettlementDraft>): Mapping {
  if (mapping.kind === "settlement") {
    return { ...mapping, settlement: { ...mapping.settlement, ...change(mapping.settlement) } };
  }
  return mapping.kind === "question"
    ? { ...mapping, draft: { ...mapping.draft, ...change(mapping.draft) } }
    : mapping;
}
