/** Many requests at once, and how long one takes. */
import { at } from "../../lib/http.ts";
import { percentile } from "../../lib/statistics.ts";
import { expectAll, type Check } from "./check.ts";
import { isTaken } from "./ledger-probe.ts";

export const AT_ONCE = 50;
/** Clawsettle's own default for LEDGER_TIMEOUT_MS. */
const TIMEOUT_MS = 10_000;

export const LOAD_CHECKS: readonly Check[] = [
  {
    name: `${AT_ONCE} payments of one account at once: each is credited`,
    remedy: "LEDGER_ACCOUNT_CONCURRENCY=1 (the default), and no other writer to these accounts",
    async run(ledger) {
      const account = await ledger.openAccount();
      const settlements = Array.from({ length: AT_ONCE }, () =>
        ledger.settlement(account, { amount_minor: "1" }),
      );
      const answers = await ledger.ingestAtOnce(settlements.map((settlement) => ({ settlement })));
      const taken = answers.filter(isTaken).length;
      return expectAll([
        ["taken", taken, AT_ONCE],
        ["credited", await ledger.available(account), String(AT_ONCE)],
      ]);
    },
  },
  {
    name: `one request ${AT_ONCE} times at once: one settlement, one credit`,
    async run(ledger) {
      const settlement = ledger.settlement(await ledger.openAccount());
      const key = ledger.newId("key");
      const answers = await ledger.ingestAtOnce(Array.from({ length: AT_ONCE }, () => ({ settlement, key })));
      const ids = new Set(answers.filter(isTaken).map(({ body }) => at(body, "settlement", "id")));
      return expectAll([
        ["settlements", ids.size, 1],
        ["credited", await ledger.available(settlement.account_id), "1000"],
      ]);
    },
  },
  {
    name: `one payment under ${AT_ONCE} keys at once: one credit`,
    async run(ledger) {
      const settlement = ledger.settlement(await ledger.openAccount());
      await ledger.ingestAtOnce(Array.from({ length: AT_ONCE }, () => ({ settlement })));
      return expectAll([["credited", await ledger.available(settlement.account_id), "1000"]]);
    },
  },
  {
    name: "one ingest at a time is fast enough",
    remedy: "a LEDGER_TIMEOUT_MS well above the slowest answer",
    run: async ({ latenciesMs }) => {
      const shownMs = (share: number) => Math.round(percentile(latenciesMs, share));
      const found = `p50 ${shownMs(0.5)} ms, p99 ${shownMs(0.99)} ms of ${latenciesMs.length}`;
      return { ok: shownMs(0.99) < TIMEOUT_MS, found };
    },
  },
];
