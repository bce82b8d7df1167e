/** docs/mapping.md tells of the table that the code has. `-u` rewrites its generated sections. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { subscribedEventTypes } from "../../../../src/settlement/map.ts";
import type { IgnoredReason, UnmappableReason } from "../../../../src/settlement/settlement.ts";
import {
  type MoneyRow,
  type RefundEvents,
  type Row,
  TABLE,
} from "../../../../src/settlement/mapping-table.ts";
import { markdownTable } from "../../../support/markdown.ts";

const PATH = join(import.meta.dirname, "../../../../docs/mapping.md");
const MODES = ["charge", "refund"] as const;

/** A reason added to the union does not compile until it stands here, and fails until the document explains it. */
const REASONS = Object.keys({
  not_a_settlement_event: true,
  "covered_by:<type>": true,
  attempt_not_final: true,
  canceled_without_account: true,
  refund_not_succeeded: true,
  authorization_released: true,
  zero_amount: true,
  automatic_payout: true,
  account_missing: true,
  object_id_missing: true,
  amount_missing: true,
  amount_not_a_number: true,
  amount_not_an_integer: true,
  amount_negative: true,
  amount_too_large: true,
  currency_missing: true,
  currency_unknown: true,
  created_missing: true,
} satisfies Record<
  Exclude<IgnoredReason, `covered_by:${string}`> | "covered_by:<type>" | UnmappableReason,
  true
>);

const SECTIONS: Readonly<Record<string, () => string>> = {
  money: moneyTable,
  ignored: ignoredTable,
  "subscribe charge": () => subscription("charge"),
  "subscribe refund": () => subscription("refund"),
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
  const rows = everyType().flatMap((type) =>
    byMode(type).flatMap(([refundEvents, row]) =>
      row.kind === "money" ? [moneyCells(type, refundEvents, row)] : [],
    ),
  );
  const head = [
    "event type",
    "refund events",
    "settlement",
    "external id",
    "amount",
    "account",
    "`kind`",
    "ignored when",
  ];
  return markdownTable(head, rows);
}

function moneyCells(type: string, refundEvents: string, row: MoneyRow): string[] {
  const perChange = row.amount === "amount_refunded_change";
  return [
    code(type),
    refundEvents,
    `${row.direction} ${row.status}`,
    code(perChange ? "id:amount_refunded:event.created" : "id"),
    code(row.amount),
    row.account === "own" ? "own" : "own, else look-up",
    row.movement === undefined ? "" : code(row.movement),
    row.ignoredIf.map(({ reason }) => code(reason)).join(", "),
  ];
}

function ignoredTable(): string {
  const rows = everyType().flatMap((type) =>
    byMode(type).flatMap(([refundEvents, row]) =>
      row.kind === "ignored" ? [[code(type), refundEvents, code(row.reason)]] : [],
    ),
  );
  return markdownTable(["event type", "refund events", "reason"], rows);
}

function subscription(refundEvents: RefundEvents): string {
  return subscribedEventTypes(refundEvents)
    .map((type) => `- \`${type}\``)
    .join("\n");
}

function everyType(): string[] {
  return [...new Set(MODES.flatMap((mode) => [...TABLE[mode].keys()]))].sort();
}

/** One line for both modes where they agree. */
function byMode(type: string): [refundEvents: string, row: Row][] {
  const [charge, refund] = MODES.map((mode) => TABLE[mode].get(type));
  if (charge !== undefined && charge === refund) return [["either", charge]];
  return MODES.flatMap((mode): [string, Row][] => {
    const row = TABLE[mode].get(type);
    return row === undefined ? [] : [[mode, row]];
  });
}

function code(text: string): string {
  return `\`${text}\``;
}
