/** The list and the sums that operators see. */
import type { Evidence } from "../evidence.ts";
import type { EventRow, EventView } from "../operator.ts";
import type { Complain } from "./complaint.ts";

/** The mirror shows operators what the events' own objects say, all of it, and sums it rightly. */
export function judgeIndex({ views, rows, stats }: Evidence, complain: Complain): void {
  const byId = new Map<string, EventRow>();
  for (const row of rows) {
    if (byId.has(row.event_id)) complain(row.event_id, "is listed twice");
    if (!views.has(row.event_id)) complain(row.event_id, "is listed, and does not exist");
    byId.set(row.event_id, row);
  }
  for (const [id, view] of views) {
    const row = byId.get(id);
    if (row === undefined) complain(id, `is ${view.state}, and not listed`);
    else judgeRow(view, row, complain);
  }
  for (const [state, count] of Object.entries(stats.states)) {
    const counted = [...views.values()].filter((view) => view.state === state).length;
    if (count !== counted) complain("the statistics", `count ${count} ${state}, and there are ${counted}`);
  }
  const open = rows.filter(({ state }) => !["forwarded", "ignored", "resolved"].includes(state));
  for (const [currency, waiting] of Map.groupBy(open, (row) => row.currency)) {
    const summed = stats.open.find((sum) => sum.currency === currency);
    const amount = waiting.reduce((sum, { amount_minor }) => sum + BigInt(amount_minor ?? 0), 0n);
    const truth = { count: waiting.length, amount_minor: currency === null ? null : String(amount) };
    if (summed?.count !== truth.count || summed.amount_minor !== truth.amount_minor) {
      complain(
        "the statistics",
        `sum up ${JSON.stringify(summed)} as open, and it is ${JSON.stringify(truth)}`,
      );
    }
  }
}

function judgeRow(view: EventView, row: EventRow, complain: Complain): void {
  const settlement = view.settlement ?? {};
  const truth: Partial<EventRow> = {
    event_type: view.event_type,
    state: view.state,
    error_code: view.last_error?.code ?? null,
    account_id: (settlement["account_id"] as string | undefined) ?? null,
    payment_id: (settlement["external_payment_id"] as string | undefined) ?? null,
    amount_minor: (settlement["amount_minor"] as string | undefined) ?? null,
    currency: (settlement["currency"] as string | undefined) ?? null,
    received_at: view.received_at,
    // What still waits is tried again between the look at the one and the look at the other.
    ...(view.next_retry_at === null && { attempts: view.attempts }),
  };
  for (const [field, value] of Object.entries(truth)) {
    const listed = row[field as keyof EventRow];
    if (listed !== value)
      complain(view.event_id, `is listed with ${field} ${String(listed)}, and has ${String(value)}`);
  }
}
