/** The checks are checked: each planted bug is caught, within as many histories as run without one. */
import { expect, test } from "vitest";
import { BUGS } from "./bugs.ts";
import { runMany } from "./simulate-many.ts";

const WITHIN = 2_000;

test.each(BUGS)("$name is caught: $wrong", { timeout: 120_000 }, async (bug) => {
  const { failed } = await runMany({ from: 1, runs: WITHIN, bug, most: 1 });
  expect(failed).toHaveLength(1);
});

test("the names of planted bugs are unique", () => {
  expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
});
