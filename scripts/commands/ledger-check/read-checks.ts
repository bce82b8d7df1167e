/** What clawsettle reads back: single settlements, the list, and errors. */
import { at } from "../../lib/http.ts";
import { expectAll, type Check } from "./check.ts";
import { shown, type LedgerProbe } from "./ledger-probe.ts";

const PAGE_ROWS = "2";
const PAYMENTS = 5;
/** A list that goes on for longer repeats itself. */
const MAX_PAGES = 20;

export const READ_CHECKS: readonly Check[] = [
  {
    name: "a settlement can be read back, with all its fields",
    async run(ledger) {
      const settlement = ledger.settlement(await ledger.openAccount());
      const { external_payment_id } = settlement;
      await ledger.ingest(settlement);
      const found = await ledger.find(settlement);
      const other = await ledger.find({ external_payment_id, direction: "refund" });
      const unknown = await ledger.find({ external_payment_id: ledger.newId("pi"), direction: "payin" });
      const fields = [
        "external_payment_id",
        "direction",
        "status",
        "account_id",
        "amount_minor",
        "currency",
      ] as const;
      return expectAll([
        ["found", shown(found), "200"],
        ["id", typeof at(found.body, "settlements", 0, "id"), "string"],
        ...fields.map(
          (field) => [field, at(found.body, "settlements", 0, field), settlement[field]] as const,
        ),
        ["other direction", shown(other), "404 NOT_FOUND"],
        ["unknown", shown(unknown), "404 NOT_FOUND"],
      ]);
    },
  },
  {
    name: "the list can be walked: newest first, each once, while new ones come in",
    remedy: "reconcile by payment, not by the ledger's list",
    async run(ledger) {
      const account = await ledger.openAccount();
      const sent: string[] = [];
      for (let n = 0; n < PAYMENTS; n++) {
        const settlement = ledger.settlement(account);
        sent.push(settlement.external_payment_id);
        await ledger.ingest(settlement);
      }
      const walked = await walk(ledger, account);
      const invalid = await ledger.list({ cursor: "not-a-cursor" });
      return expectAll([
        ["walked in order", walked.join() === sent.toReversed().join() || walked.length, true],
        ["invalid cursor", invalid.status, 400],
      ]);
    },
  },
  {
    name: "every refusal has an error and a code",
    run: async ({ refusals }) => {
      const bare = refusals.filter(
        ({ body }) => typeof at(body, "code") !== "string" || typeof at(body, "error") !== "string",
      );
      return expectAll([[`of ${refusals.length} without`, bare.map(({ status }) => status).join() || 0, 0]]);
    },
  },
];

/** Each page is followed by a new payment, which must neither show up nor move what comes next. */
async function walk(ledger: LedgerProbe, account_id: string): Promise<readonly string[]> {
  const walked: string[] = [];
  let cursor: unknown;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const query = { account_id, direction: "payin", limit: PAGE_ROWS, provider: "stripe" };
    const page = await ledger.list(typeof cursor === "string" ? { ...query, cursor } : query);
    const settlements = at(page.body, "settlements");
    if (!Array.isArray(settlements)) return walked;
    walked.push(...settlements.map((one) => String(at(one, "external_payment_id"))));
    cursor = at(page.body, "next_cursor");
    if (typeof cursor !== "string") return walked;
    await ledger.ingest(ledger.settlement(account_id));
  }
  return walked;
}
