/** The checks are checked: each planted bug is caught, within as many histories as run without one. */
import { expect, test } from "vitest";
import { isProof } from "../support/effort.ts";
import { BUGS } from "./bugs.ts";
import { runMany } from "./simulate-many.ts";

const WITHIN = 2_000;

/** Hundreds of histories, and so most of the time, until one of these is caught: `npm run test:proof`. */
const SELDOM_CAUGHT: ReadonlySet<string> = new Set([
  "inspection-moves-the-alarm",
  "redelivery-publishes-nothing",
  "no-mark",
  "mark-in-a-later-turn",
  "no-quiet-time",
  "gateways-word-is-final",
  "closed-movement-is-booked",
  "release-is-a-refund",
]);

test.each(BUGS.filter(({ name }) => isProof || !SELDOM_CAUGHT.has(name)))(
  "$name is caught: $wrong",
  { timeout: 120_000 },
  async (bug) => {
    const { failed } = await runMany({ from: 1, runs: WITHIN, bug, most: 1 });
    expect(failed).toHaveLength(1);
  },
);

test("the names of planted bugs are unique, and those that are seldom caught exist", () => {
  expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
  expect(BUGS.map(({ name }) => name)).toEqual(expect.arrayContaining([...SELDOM_CAUGHT]));
});
