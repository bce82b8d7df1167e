/** Planted bugs in what is sent to the ledger, and in what of its answers is believed. */
import { mapEvent } from "../../src/settlement/map.ts";
import { thaw } from "../../src/settlement/settlement.ts";
import { FOREIGN_CURRENCY } from "../../scripts/proof/histories/stripe-history.ts";
import { type Bug, settling } from "./bug.ts";
import { POLICY } from "./world.ts";

export const MONEY_BUGS: readonly Bug[] = [
  {
    name: "payload-rebuilt",
    wrong: "a retry builds the payload again, and a timestamp in it has changed",
    ports: settling((settle, sound) => (accountId, request) => {
      const provider_updated_at = new Date(sound.now()).toISOString();
      const isRetry = (sound.store.load()?.attempts ?? 0) > 1;
      const built = { ...thaw(request.payload), ...(isRetry && { provider_updated_at }) };
      return settle(accountId, { ...request, payload: JSON.stringify(built) });
    }),
  },
  {
    name: "key-per-attempt",
    wrong: "each attempt has an idempotency key of its own",
    ports: settling((settle, sound) => (accountId, request) => {
      const idempotency_key = `${request.idempotency_key}:${sound.store.load()?.attempts}`;
      return settle(accountId, { ...request, idempotency_key });
    }),
  },
  {
    name: "lookup-not-frozen",
    wrong: "after a failed attempt the account is looked up again, and could be another one",
    ports: (sound) => ({
      ...sound,
      store: {
        ...sound.store,
        save: (record) => {
          if (record.state !== "failed" || record.cause !== "ledger" || record.work.kind === "draft") {
            return sound.store.save(record);
          }
          const { account_id, metadata, ...rest } = thaw(record.work.payload);
          const { account_source, ...kept } = metadata;
          const payment_intent = metadata["stripe_payment_intent_id"] ?? account_id;
          if (account_source === undefined) return sound.store.save(record);
          const work = { kind: "draft", draft: { ...rest, metadata: kept }, payment_intent } as const;
          sound.store.save({ ...record, work });
        },
      },
    }),
  },
  {
    name: "believes-any-2xx",
    wrong: "a status of 200 is taken for a settlement, whoever sent it",
    ports: settling((settle) => async (...request) => {
      const outcome = await settle(...request);
      if (outcome.kind !== "unknown" || outcome.ledger_status !== 200) return outcome;
      return { kind: "accepted", ledger_status: 200, settlement_id: "unknown", ledger_event_id: null };
    }),
  },
  {
    name: "believes-a-2xx-without-effect",
    wrong: "a settlement in the answer is taken for its effect",
    ports: settling((settle) => async (...request) => {
      const outcome = await settle(...request);
      if (outcome.kind !== "unproven") return outcome;
      return { ...outcome, kind: "accepted", ledger_event_id: null };
    }),
  },
  {
    name: "read-back-believes-the-row",
    wrong: "reading back, a settlement without an event of the ledger's is taken for settled",
    ports: settling((settle) => async (accountId, request) => {
      const outcome = await settle(accountId, request);
      if (outcome.kind !== "unproven" || !request.read_back) return outcome;
      return { ...outcome, kind: "accepted", ledger_event_id: null };
    }),
  },
  {
    name: "unproven-is-rejected",
    wrong: "the first answer without an effect is the last word, and nobody reads back",
    ports: settling((settle) => async (...request) => {
      const outcome = await settle(...request);
      if (outcome.kind !== "unproven") return outcome;
      return { kind: "rejected", ledger_status: 200, ledger_code: "EFFECT_UNPROVEN" };
    }),
  },
  {
    name: "unproven-is-sent-again",
    wrong: "what proved no effect is sent once more, and its stored answer is all that ever comes back",
    ports: settling((settle) => (accountId, request) => settle(accountId, { ...request, read_back: false })),
  },
  {
    name: "two-currencies-in-one-balance",
    wrong: "money of every currency is sent, though the ledger adds all of an account up",
    policy: { currencies: [...POLICY.currencies, FOREIGN_CURRENCY.toUpperCase()] },
  },
  {
    name: "cumulative-refund",
    wrong: "the charge's total of refunds is taken for this refund",
    map: (event, options) => {
      const mapping = mapEvent(event, options);
      if (event.type !== "charge.refunded" || mapping.kind === "ignored") return mapping;
      const amount_minor = String(event.data.object["amount_refunded"]);
      if (mapping.kind === "settlement") {
        return { ...mapping, settlement: { ...mapping.settlement, amount_minor } };
      }
      return mapping.kind === "account_lookup"
        ? { ...mapping, draft: { ...mapping.draft, amount_minor } }
        : mapping;
    },
  },
  {
    name: "twin-debits-twice",
    wrong: "a refund's external id is that of its event, so two events of one refund debit twice",
    map: (event, options) => {
      const mapping = mapEvent(event, options);
      const external_payment_id = event.id;
      if (mapping.kind === "settlement" && mapping.settlement.direction === "refund") {
        return { ...mapping, settlement: { ...mapping.settlement, external_payment_id } };
      }
      return mapping.kind === "account_lookup" && mapping.draft.direction === "refund"
        ? { ...mapping, draft: { ...mapping.draft, external_payment_id } }
        : mapping;
    },
  },
  {
    name: "failed-payment-is-final",
    wrong: "an attempt to pay that failed is booked as the payment's end, so the success after it is refused",
    map: (event, options) => {
      if (event.type !== "payment_intent.payment_failed") return mapEvent(event, options);
      return mapEvent({ ...event, type: "payment_intent.canceled" }, options);
    },
  },
  {
    name: "failed-refund-forgotten",
    wrong: "a refund that failed is booked as its reversal, which pays nothing back",
    map: (event, options) => {
      const mapping = mapEvent(event, options);
      if (event.type !== "refund.failed") return mapping;
      const reversal = { direction: "refund", status: "reversed" } as const;
      if (mapping.kind === "settlement") {
        return { ...mapping, settlement: { ...mapping.settlement, ...reversal } };
      }
      return mapping.kind === "account_lookup"
        ? { ...mapping, draft: { ...mapping.draft, ...reversal } }
        : mapping;
    },
  },
];
