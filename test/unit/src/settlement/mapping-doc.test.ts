/** docs/mapping.md tells of the table that the code has. `-u` rewrites its generated sections. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { subscribedEventTypes } from "../../../../src/settlement/map.ts";
import { type MoneyRow, moneyRows, TABLE } from "../../../../src/settlement/mapping-table.ts";
import type { IgnoredReason, UnmappableReason } from "../../../../src/settlement/reasons.ts";
import { markdownTable } from "../../../support/markdown.ts";

const PATH = join(import.meta.dirname, "../../../../docs/mapping.md");

/**
 * A reason added to the union does not compile until it stands here, and
 * fails until the document explains it.
 */
const REASONS = Object.keys({
  not_a_settlement_event: true,
  "covered_by:<type>": true,
  attempt_not_final: true,
  canceled_without_account: true,
  charge_not_captured: true,
  reported_by_its_payments: true,
  transfer_between_balances: true,
  refund_not_moved: true,
  authorization_released: true,
  dispute_moved_nothing: true,
  zero_amount: true,
  automatic_payout: true,
  payout_overtaken: true,
  account_missing: true,
  object_id_missing: true,
  amount_missing: true,
  amount_not_a_number: true,
  amount_not_an_integer: true,
  amount_negative: true,
  amount_too_large: true,
  currency_missing: true,
  currency_unknown: true,
  capture_unknown: true,
  status_unknown: true,
  endpoint_version_too_old: true,
  refund_without_payment: true,
  partial_capture_or_refund: true,
  dispute_transaction_missing: true,
  amount_in_other_currency: true,
  debit_differs: true,
} satisfies Record<
  Exclude<IgnoredReason, `covered_by:${string}`> | "covered_by:<type>" | UnmappableReason,
  true
>);

const SECTIONS: Readonly<Record<string, () => string>> = {
  money: moneyTable,
  other: otherTable,
  subscribe: () =>
    subscribedEventTypes()
      .map((type) => `- \`${type}\``)
      .join("\n"),
};

test("the generated sections are those of the code", async () => {
  const document = readFileSync(PATH, "utf8");
  const generated = document.replace(
    /(<!-- generated: ([a-z ]+) -->\n)[^]*?(<!-- end -->)/g,
    (_, start: string, name: string, end: string) => `${start}\n${SECTIONS[name]?.()}\n\n${end}`,
  );
  for (const name of Object.keys(SECTIONS)) expect(generated).toContain(`<!-- generated: ${name} -->`);
  await expect(generated).toMatchFileSnapshot(PATH);
});

test.each(REASONS)("%s is explained", (reason) => {
  expect(readFileSync(PATH, "utf8")).toContain(`\n| \`${reason}\` | `);
});

function moneyTable(): string {
  const head = [
    "event type",
    "settlement",
    "external id",
    "amount",
    "account",
    "`kind`",
    "ignored",
    "unmappable",
  ];
  return markdownTable(
    head,
    moneyRows().map(([type, row]) => moneyCells(type, row)),
  );
}

function moneyCells(type: string, row: MoneyRow & { readonly when?: { readonly name: string } }): string[] {
  const ofDispute = row.amount === "withdrawal" || row.amount === "return";
  const reasons = (conditions: readonly { readonly reason: string }[]) =>
    conditions.map(({ reason }) => code(reason)).join(", ");
  return [
    code(type) + (row.when === undefined ? "" : `, ${row.when.name}`),
    `${row.direction} ${row.status}`,
    ofDispute ? "the transaction's" : "the object's",
    ofDispute ? `latest ${row.amount}` : code(row.amount),
    ACCOUNTS[row.account],
    row.movement === undefined ? "" : code(row.movement),
    reasons(row.ignoredIf),
    reasons(row.unmappableIf),
  ];
}

const ACCOUNTS: Readonly<Record<MoneyRow["account"], string>> = {
  own: "its metadata",
  own_or_stripe: "its metadata, else Stripe's API",
  payin: "the payment's payin",
  debit: "the debit that it undoes",
};

function otherTable(): string {
  const rows = [...TABLE].flatMap(([type, itsRows]) =>
    itsRows.flatMap((row) => {
      if (row.kind === "money") return [];
      const what = row.kind === "ignored" ? "ignored" : "unmappable";
      return [[code(type) + (row.when === undefined ? "" : `, ${row.when.name}`), what, code(row.reason)]];
    }),
  );
  return markdownTable(["event type", "", "reason"], rows);
}

function code(text: string): string {
  return `\`${text}\``;
}
