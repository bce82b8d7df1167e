/** Planted bugs in what is sent to the ledger, and in what of its answers is believed. */
import { thaw } from "../../src/settlement/settlement.ts";
import { FOREIGN_CURRENCY } from "../../scripts/proof/histories/random-history.ts";
import { type Bug, settling } from "./bug.ts";
import { POLICY } from "./world.ts";

export const MONEY_BUGS: readonly Bug[] = [
  {
    name: "payload-rebuilt",
    wrong: "a retry builds the payload again, and a timestamp in it has changed",
    ports: settling((settle, sound) => (settlement, request) => {
      const provider_updated_at = new Date(sound.now()).toISOString();
      const isRetry = (sound.store.load()?.attempts ?? 0) > 1;
      const built = { ...thaw(request.payload), ...(isRetry && { provider_updated_at }) };
      return settle(settlement, { ...request, payload: JSON.stringify(built) });
    }),
  },
  {
    name: "key-per-attempt",
    wrong: "each attempt has an idempotency key of its own",
    ports: settling((settle, sound) => (settlement, request) => {
      const idempotency_key = `${request.idempotency_key}:${sound.store.load()?.attempts}`;
      return settle(settlement, { ...request, idempotency_key });
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
          if (account_source !== "payin") return sound.store.save(record);
          const payment = metadata["stripe_payment_intent_id"] ?? account_id;
          const question = { kind: "payin", payment, may_be_release: false } as const;
          const draft = { ...rest, metadata: kept };
          sound.store.save({ ...record, work: { kind: "draft", draft, question, body: new Uint8Array() } });
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
    ports: settling((settle) => async (settlement, request) => {
      const outcome = await settle(settlement, request);
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
    ports: settling(
      (settle) => (settlement, request) => settle(settlement, { ...request, read_back: false }),
    ),
  },
  {
    name: "two-currencies-in-one-balance",
    wrong: "money of every currency is sent, though the ledger adds all of an account up",
    policy: { currencies: [...POLICY.currencies, FOREIGN_CURRENCY.toUpperCase()] },
  },
];
