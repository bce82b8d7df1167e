import { expect, it } from "vitest";
import { type EventFilter, whereOf } from "../../../../src/event-index/filter.ts";

const IS_OPEN = "state IN ('received', 'forwarding', 'failed')";

it.each<[string, EventFilter, string, (string | number)[]]>([
  ["no filter", {}, "TRUE", []],
  [
    "an open state repeats the index's condition",
    { state: "failed" },
    `${IS_OPEN} AND state = ?`,
    ["failed"],
  ],
  ["a final state does not", { state: "ignored" }, "state = ?", ["ignored"]],
  [
    "a payment's id, and those that begin with it and a colon",
    { payment_id: "ch_1" },
    "(payment_id = ? OR (payment_id > ? AND payment_id < ?))",
    ["ch_1", "ch_1:", "ch_1;"],
  ],
  [
    "the payments that money came in by",
    { state: "failed", source_payment_ids: ["pi_1", "pi_2"] },
    `${IS_OPEN} AND state = ? AND source_payment_id IN (SELECT value FROM json_each(?))`,
    ["failed", '["pi_1","pi_2"]'],
  ],
  ["an event's id", { payment_id: "evt_1" }, "event_id = ?", ["evt_1"]],
  [
    "all together",
    { type: "t", account_id: "a", received_from: 1, received_to: 2 },
    "event_type = ? AND account_id = ? AND received_at >= ? AND received_at < ?",
    ["t", "a", 1, 2],
  ],
])("%s", (_, filter, sql, params) => {
  expect(whereOf(filter)).toEqual({ sql, params });
});

it("a position → what comes after it in the list", () => {
  expect(whereOf({ type: "t" }, { received_at: 5, event_id: "evt_5" })).toEqual({
    sql: "event_type = ? AND (received_at, event_id) < (?, ?)",
    params: ["t", 5, "evt_5"],
  });
});

it("no value ever becomes SQL", () => {
  const hostile = "x' OR 1=1 --";
  const { sql, params } = whereOf({ type: hostile, account_id: hostile, payment_id: hostile });
  expect(sql).not.toContain("OR 1=1");
  expect(params).toContain(hostile);
});
