import { describe, expect, it } from "vitest";
import { dueAt, nextRun } from "../../../../src/reconciler/next-run.ts";
import { T0 } from "../../../support/records.ts";
import { runningRun } from "../../../support/runs.ts";

const run = (id: string, stripe_account: string | null = null, fields: Record<string, unknown> = {}) =>
  runningRun({ id, stripe_account, ...fields });
const waiting = (ms: number) => ({ next_try_at: T0 + ms });

describe("whose turn it is", () => {
  it.each([
    ["none", [], null],
    ["one", [run("a")], "a"],
    ["two of the platform → the first", [run("a"), run("b")], "a"],
    ["two accounts → the one requested first, to its end", [run("a", "acct_1"), run("b")], "a"],
    [
      "the first waits, the second of its account does not overtake it",
      [run("a", null, waiting(1)), run("b")],
      "a",
    ],
    ["the first waits, another account's goes on", [run("a", null, waiting(1)), run("b", "acct_1")], "b"],
    ["its wait is over, it goes on before the other", [run("a", null, waiting(0)), run("b", "acct_1")], "a"],
    [
      "all wait → the one whose wait ends first",
      [run("a", null, waiting(9)), run("b", "acct_1", waiting(3)), run("c", "acct_2", waiting(5))],
      "b",
    ],
    [
      "one that waits is to be cancelled → at once",
      [run("a", null, { ...waiting(9), cancel_requested: true }), run("b", "acct_1", waiting(3))],
      "a",
    ],
  ])("%s → %3$s", (_, runs, expected) => {
    expect(nextRun(runs, T0)?.id ?? null).toBe(expected);
  });

  it("is due when its wait is over; at once without one", () => {
    expect(
      [run("a"), run("a", null, waiting(7)), run("a", null, waiting(-7))].map((each) => dueAt(each, T0)),
    ).toEqual([T0, T0 + 7, T0]);
  });
});
