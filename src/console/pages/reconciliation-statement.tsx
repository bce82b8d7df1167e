/** Stripe's balance as a statement: by how much it moved, per currency, and where each part of that is. */
import { formatMoney } from "../../format-money.ts";
import type { Report } from "../../reconciler/report-schema.ts";
import type { Part, Statement } from "../../reconciler/statement.ts";
import { type Column, Table } from "../ui/data-table.tsx";

interface Row {
  readonly name: string;
  readonly under: string;
  readonly count: number | null;
  readonly amount: string;
  readonly differs: boolean;
}

const NAMES: Readonly<Record<Part, string>> = {
  booked: "In the ledger",
  elsewhere: "Not the ledger's",
  open: "Open at clawsettle",
  accepted: "Unexplained, accepted",
  unexplained: "Unexplained",
};

export function Statements({ report: { statements, status } }: { report: Report }) {
  return (
    <>
      <h2 id="statements-title">Stripe's balance</h2>
      {statements.length === 0 && (
        <p class="empty">{status === "running" ? "Not compared yet." : "It did not move in this window."}</p>
      )}
      {statements.map((statement) => (
        <Table
          caption={`Movements in ${statement.currency}, and where they are`}
          columns={COLUMNS}
          rows={rowsOf(statement)}
        />
      ))}
    </>
  );
}

const COLUMNS: readonly Column<Row>[] = [
  {
    name: "Movement",
    of: ({ name, under }) => (
      <span>
        {name} <span class="under">{under}</span>
      </span>
    ),
  },
  { name: "Transactions", of: ({ count }) => count ?? "", isNumber: true },
  {
    name: "Amount",
    of: ({ amount, differs }) => <span class={differs ? "differs" : undefined}>{amount}</span>,
    isNumber: true,
  },
];

function rowsOf({ currency, lines, moved_minor, difference_minor }: Statement): Row[] {
  const money = (amount: string) => formatMoney(amount, currency);
  const parts = lines.map((line) => ({
    name: line.part === "moved" ? "" : NAMES[line.part],
    under: line.class.replaceAll("_", " "),
    count: line.count,
    amount: money(line.amount_minor),
    differs: line.part === "unexplained",
  }));
  const sum = { name: "Moved in all", under: "", count: null, amount: money(moved_minor), differs: false };
  if (difference_minor === "0") return [...parts, sum];
  const rest = { name: "Does not add up", under: "Stripe's own amounts, fees and nets", count: null };
  return [...parts, { ...rest, amount: money(difference_minor), differs: true }, sum];
}
