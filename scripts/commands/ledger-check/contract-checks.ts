/** One request at a time: what the ledger takes, what it refuses, and what it does to the balance. */
import { at } from "../../lib/http.ts";
import { expectAll, type Check } from "./check.ts";
import { isTaken, shown } from "./ledger-probe.ts";

export const CONTRACT_CHECKS: readonly Check[] = [
  {
    name: "it answers",
    isNeeded: true,
    run: async (ledger) => expectAll([["GET /health", (await ledger.get("/health")).status, 200]]),
  },
  {
    name: "a wrong key is refused",
    isNeeded: true,
    async run(ledger) {
      const read = await ledger.get("/accounts/id/acc_none", "wrong-key");
      const write = await ledger.ingestWithKey(ledger.settlement("acc_none"), "wrong-key");
      return expectAll([
        ["read", read.status, 401],
        ["ingest", write.status, 401],
      ]);
    },
  },
  {
    name: "an account opens empty, and a payin credits it",
    isNeeded: true,
    async run(ledger) {
      const account = await ledger.openAccount();
      const before = await ledger.available(account);
      const answer = await ledger.ingest(ledger.settlement(account));
      return expectAll([
        ["opened with", before, "0"],
        ["ingest taken", isTaken(answer) || shown(answer), true],
        ["settlement id", typeof at(answer.body, "settlement", "id"), "string"],
        ["then holds", await ledger.available(account), "1000"],
      ]);
    },
  },
  {
    name: "an effect can be proven, in the answer and read back",
    async run(ledger) {
      const settlement = ledger.settlement(await ledger.openAccount());
      const answer = await ledger.ingest(settlement);
      const id = at(answer.body, "event", "id") ?? at(answer.body, "settlement", "latest_event_id");
      const found = await ledger.find(settlement);
      const readBack = at(found.body, "settlements", 0, "latest_event_id");
      return expectAll([
        ["event id in the answer", typeof id, "string"],
        ["latest_event_id read back is the same", readBack === id, true],
      ]);
    },
  },
  {
    name: "same key, same content: the first answer again",
    async run(ledger) {
      const settlement = ledger.settlement(await ledger.openAccount());
      const key = ledger.newId("key");
      const first = await ledger.ingest(settlement, key);
      const again = await ledger.ingest(settlement, key);
      return expectAll([
        ["again", isTaken(again) || shown(again), true],
        ["replayed", at(again.body, "idempotency", "replayed"), true],
        ["same settlement", at(again.body, "settlement", "id") === at(first.body, "settlement", "id"), true],
        ["credited", await ledger.available(settlement.account_id), "1000"],
      ]);
    },
  },
  {
    name: "same key, other content: refused",
    async run(ledger) {
      const settlement = ledger.settlement(await ledger.openAccount());
      const key = ledger.newId("key");
      await ledger.ingest(settlement, key);
      const other = await ledger.ingest({ ...settlement, metadata: { purpose: "other" } }, key);
      return expectAll([["answer", shown(other), "409 IDEMPOTENCY_KEY_REUSED"]]);
    },
  },
  {
    name: "same payment under another key: no second effect",
    async run(ledger) {
      const settlement = ledger.settlement(await ledger.openAccount());
      await ledger.ingest(settlement);
      const again = await ledger.ingest(settlement);
      return expectAll([
        ["answer taken", isTaken(again) || shown(again), true],
        ["credited", await ledger.available(settlement.account_id), "1000"],
      ]);
    },
  },
  {
    name: "account, amount and currency of a payment never change",
    async run(ledger) {
      const settlement = ledger.settlement(await ledger.openAccount());
      await ledger.ingest(settlement);
      const changes = { amount_minor: "999", currency: "EUR", account_id: await ledger.openAccount() };
      const answers: (readonly [string, unknown, unknown])[] = [];
      for (const [field, value] of Object.entries(changes)) {
        const answer = await ledger.ingest({ ...settlement, [field]: value });
        answers.push([field, shown(answer), "409 DUPLICATE_CONFLICT"]);
      }
      return expectAll([...answers, ["still holds", await ledger.available(settlement.account_id), "1000"]]);
    },
  },
  {
    name: "a status only goes forward",
    async run(ledger) {
      const settlement = ledger.settlement(await ledger.openAccount(), { status: "pending" });
      const recorded = await ledger.ingest(settlement);
      const afterPending = await ledger.available(settlement.account_id);
      const confirmed = await ledger.ingest({ ...settlement, status: "confirmed" });
      const back = await ledger.ingest(settlement);
      const failed = await ledger.ingest({ ...settlement, status: "failed" });
      return expectAll([
        ["pending", isTaken(recorded) || shown(recorded), true],
        ["holds", afterPending, "0"],
        ["confirmed", isTaken(confirmed) || shown(confirmed), true],
        ["back to pending", shown(back), "409 INVALID_STATUS_TRANSITION"],
        ["then failed", shown(failed), "409 INVALID_STATUS_TRANSITION"],
        ["holds", await ledger.available(settlement.account_id), "1000"],
      ]);
    },
  },
  {
    name: "a payout is recorded and moves no balance; it may be reversed",
    async run(ledger) {
      const settlement = ledger.settlement(await ledger.openAccount(), { direction: "payout" });
      const confirmed = await ledger.ingest(settlement);
      const reversed = await ledger.ingest({ ...settlement, status: "reversed" });
      return expectAll([
        ["confirmed", isTaken(confirmed) || shown(confirmed), true],
        ["reversed", isTaken(reversed) || shown(reversed), true],
        ["holds", await ledger.available(settlement.account_id), "0"],
      ]);
    },
  },
  {
    name: "an unknown account is refused",
    async run(ledger) {
      const answer = await ledger.ingest(ledger.settlement(ledger.newId("acc")));
      return expectAll([["answer", shown(answer), "404 NOT_FOUND"]]);
    },
  },
  {
    name: "a debit without funds is refused, and taken once there are funds",
    async run(ledger) {
      const account = await ledger.openAccount();
      const refund = ledger.settlement(account, { direction: "refund" });
      const key = ledger.newId("key");
      const early = await ledger.ingest(refund, key);
      const before = await ledger.available(account);
      await ledger.ingest(ledger.settlement(account, { amount_minor: "1500" }));
      const later = await ledger.ingest(refund, key);
      return expectAll([
        ["without funds", shown(early), "422 INSUFFICIENT_FUNDS"],
        ["holds", before, "0"],
        ["with funds taken", isTaken(later) || shown(later), true],
        ["holds", await ledger.available(account), "500"],
      ]);
    },
  },
  {
    name: "currencies of one account are kept apart",
    remedy: "one currency in LEDGER_CURRENCIES (the default is USD)",
    async run(ledger) {
      const account = await ledger.openAccount();
      await ledger.ingest(ledger.settlement(account));
      await ledger.ingest(ledger.settlement(account, { currency: "EUR", amount_minor: "5" }));
      const foreign = { direction: "refund", currency: "EUR", amount_minor: "500" } as const;
      const refund = await ledger.ingest(ledger.settlement(account, foreign));
      return expectAll([
        ["5.00 EUR from an account with 0.05 EUR and 10.00 USD", shown(refund), "422 INSUFFICIENT_FUNDS"],
      ]);
    },
  },
];
