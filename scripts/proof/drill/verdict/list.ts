/** The list and the sums that operators see. */
import type { Evidence } from "../evidence.ts";
import type { EventState } from "../../../../src/event/event-state.ts";
import type { EventRow } from "../../../sandbox/clients/clawsettle.ts";
import type { Disagree } from "./disagreement.ts";

/** The list shows operators what the events' own objects say, all of it, and sums it rightly. */
export function checkList({ views, rows, stats }: Evidence, disagree: Disagree): void {
  const byId = new Map<string, EventRow>();
  for (const row of rows) {
    if (byId.has(row.event_id)) disagree(row.event_id, "is listed twice");
    if (!views.has(row.event_id)) disagree(row.event_id, "is listed, and does not exist");
    byId.set(row.event_id, row);
  }
  for (const [id, view] of views) {
    const row = byId.get(id);
    if (row === undefined) disagree(id, `is ${view.state}, and not listed`);
    else checkRow(view, row, disagree);
  }
  for (const [state, count] of Object.entries(stats.states)) {
    const counted = [...views.values()].filter((view) => view.state === state).length;
    if (count !== counted) disagree("the statistics", `count ${count} ${state}, and there are ${counted}`);
  }
  const open = rows.filter(({ state }) => !["forwarded", "ignored", "resolved"].includes(state));
  for (const [currency, waiting] of Map.groupBy(open, (row) => row.currency)) {
    const summed = stats.open.find((sum) => sum.currency === currency);
    const amount = waiting.reduce((sum, { amount_minor }) => sum + BigInt(amount_minor ?? 0), 0n);
    const truth = { count: waiting.length, amount_minor: currency === null ? null : String(amount) };
    if (summed?.count !== truth.count || summed.amount_minor !== truth.amount_minor) {
      disagree(
        "the statistics",
        `sum up ${JSON.stringify(summed)} as open, and it is ${JSON.stringify(truth)}`,
      );
    }
  }
}

function checkRow(view: EventState, row: EventRow, disagree: Disagree): void {
  // Of what cannot be settled: as much of its money as can be read.
  const money = view.settlement ?? view.money;
  const truth: Partial<EventRow> = {
    event_type: view.event_type,
    state: view.state,
    error_code: view.last_error?.code ?? null,
    account_id: money?.account_id ?? null,
    payment_id: money?.external_payment_id ?? null,
    amount_minor: money?.amount_minor ?? null,
    currency: (money?.amount_minor && money.currency) ?? null,
    received_at: view.received_at,
    // What still waits is tried again between the two reads.
    ...(view.next_retry_at === null && { attempts: view.attempts }),
  };
  for (const [field, value] of Object.entries(truth)) {
    const listed = row[field as keyof EventRow];
    if (listed !== value)
      disagree(view.event_id, `is listed with ${field} ${String(listed)}, and has ${String(value)}`);
  }
}
