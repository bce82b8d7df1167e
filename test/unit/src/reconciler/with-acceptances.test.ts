import { describe, expect, it } from "vitest";
import type { Difference } from "../../../../src/reconciler/findings.ts";
import type { Amount } from "../../../../src/reconciler/statement.ts";
import { withAcceptances } from "../../../../src/reconciler/with-acceptances.ts";
import { ACCEPTANCE, differenceOf } from "../../../support/runs.ts";

const amount = (part: Amount["part"], minor: bigint): Amount => ({
  currency: "USD",
  part,
  class: "",
  amount: minor,
});
const amounts = [amount("moved", 800n), amount("booked", 1n), amount("unexplained", 799n)];
const [status, value, twice] = [
  { ...differenceOf("booked_differently"), field: "status" },
  { ...differenceOf("booked_differently"), field: "amount_minor" },
  differenceOf("booked_twice"),
];

/** An operator has accepted these. */
const accepting = (accepted: readonly Difference[]) => (difference: Difference) => ({
  ...difference,
  accepted: accepted.includes(difference) ? ACCEPTANCE : null,
});
const partsOf = (differences: readonly Difference[], accepted: readonly Difference[]) =>
  withAcceptances({ amounts, differences }, accepting(accepted)).amounts.map((each) =>
    [each.part, each.class, each.amount].join(" ").trim(),
  );

const AS_IT_WAS = ["moved  800", "booked  1", "unexplained  799"];
const ACCEPTED = ["moved  800", "booked  1", "accepted booked_differently 799"];

describe("money that is unexplained by", () => {
  it.each([
    ["one difference, accepted → accepted, by its kind", [value], [value], ACCEPTED],
    ["one difference, not accepted → as it was", [value], [], AS_IT_WAS],
    ["two, both accepted → accepted", [status, value], [status, value], ACCEPTED],
    ["two, one of them accepted → as it was", [status, value], [value], AS_IT_WAS],
    ["one, and a settlement too many that nobody accepted → accepted", [value, twice], [value], ACCEPTED],
    ["one, and a settlement too many that is accepted → as it was", [value, twice], [twice], AS_IT_WAS],
    ["none, and a settlement too many, accepted → as it was", [twice], [twice], AS_IT_WAS],
    ["nothing that was found → as it was", [], [], AS_IT_WAS],
  ])("%s", (_, differences, accepted, parts) => {
    expect(partsOf(differences, accepted)).toEqual(parts);
  });

  it("each difference says by whom it is accepted", () => {
    const { differences } = withAcceptances({ amounts, differences: [status, twice] }, accepting([twice]));
    expect(differences.map(({ accepted }) => accepted)).toEqual([null, ACCEPTANCE]);
  });
});
