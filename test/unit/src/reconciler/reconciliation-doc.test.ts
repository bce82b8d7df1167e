/** docs/reconciliation.md has the table that the code has. `-u` rewrites its generated section. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HOLDING, KINDS } from "../../../../src/reconciler/findings.ts";
import {
  CLASSES_ELSEWHERE,
  isElsewhere,
  TRANSACTION_TYPES,
} from "../../../../src/reconciler/transaction-types.ts";
import { markdownTable } from "../../../support/markdown.ts";

const PATH = join(import.meta.dirname, "../../../../docs/reconciliation.md");

/**
 * As Stripe's documentation and its package list them. A type that is left out of the table is missed here.
 */
const DOCUMENTED =
  `adjustment advance advance_funding anticipation_repayment application_fee application_fee_refund charge
  climate_order_purchase climate_order_refund connect_collection_transfer contribution fee_credit_funding inbound_transfer
  inbound_transfer_reversal issuing_authorization_hold issuing_authorization_release issuing_dispute
  issuing_dispute_provisional_credit issuing_dispute_provisional_credit_reversal issuing_transaction obligation_outbound
  obligation_reversal_inbound payment payment_failure_refund payment_network_reserve_hold payment_network_reserve_release
  payment_refund payment_reversal payment_unreconciled payout payout_cancel payout_failure payout_minimum_balance_hold
  payout_minimum_balance_release refund refund_failure reserve_hold reserve_release reserve_transaction reserved_funds
  stripe_balance_payment_debit stripe_balance_payment_debit_reversal stripe_fee stripe_fx_fee tax_fee tax_fund topup
  topup_reversal transfer transfer_cancel transfer_failure transfer_refund`.split(/\s+/);

test("every type that Stripe documents stands in the table", () => {
  expect(Object.keys(TRANSACTION_TYPES).sort()).toEqual(DOCUMENTED.toSorted());
});

test("the generated section is the code's", async () => {
  const document = readFileSync(PATH, "utf8");
  const generated = document.replace(
    /(<!-- generated: types -->\n)[^]*?(<!-- end -->)/,
    (_, start: string, end: string) => `${start}\n${typesTable()}\n\n${end}`,
  );
  expect(generated).toContain("<!-- generated: types -->");
  await expect(generated).toMatchFileSnapshot(PATH);
});

test.each(CLASSES_ELSEWHERE)("the class %s is in the document", (name) => {
  expect(readFileSync(PATH, "utf8")).toContain(`\`${name}\``);
});

test("the document says of each kind about money whether it holds the watermark", () => {
  const [, section = ""] = readFileSync(PATH, "utf8").split("## What is found about money");
  const aboutMoney = KINDS.slice(KINDS.indexOf("money_without_event"));
  const rows = aboutMoney.map((kind) => {
    const row = section.split("\n").find((line) => line.startsWith(`| \`${kind}\` |`));
    return [kind, row?.endsWith(HOLDING.includes(kind) ? "| yes |" : "| no |")];
  });
  expect(rows).toEqual(aboutMoney.map((kind) => [kind, true]));
});

function typesTable(): string {
  const byFamily = Map.groupBy(Object.entries(TRANSACTION_TYPES), ([, family]) => family);
  const rows = [...byFamily].map(([family, types]) => [
    isElsewhere(family) ? `\`${family}\`` : (SETTLED[family] ?? ""),
    types.map(([type]) => `\`${type}\``).join(", "),
  ]);
  return markdownTable(["class", "types of balance transactions"], rows);
}

const SETTLED: Readonly<Record<string, string>> = {
  payment: "in the ledger: of a charge",
  refund: "in the ledger: of a refund",
  payout: "in the ledger, or a payout's class below",
  adjustment: "in the ledger: of a dispute or a refund; or `other_adjustments`",
  unknown: "`unknown_class`",
};
