/** What an operator has accepted of a judgement of money. Pure. */
import type { Difference, Judged } from "./findings.ts";
import type { Judgement } from "./judge-money.ts";

export interface JudgedMoney extends Judgement {
  readonly differences: readonly Judged[];
}

/** Money that is unexplained by accepted differences alone is a part of the statement of its own. */
export function withAcceptances(
  { amounts, differences }: Judgement,
  judge: (difference: Difference) => Judged,
): JudgedMoney {
  const judged = differences.map(judge);
  // A settlement too many leaves no money of Stripe's unexplained.
  const unexplained = judged.filter(({ kind }) => kind !== "booked_twice");
  if (unexplained.some(({ accepted }) => accepted === null)) return { amounts, differences: judged };
  const [first] = unexplained;
  return {
    amounts: amounts.map((amount) =>
      amount.part === "unexplained" && first !== undefined
        ? { ...amount, part: "accepted", class: first.kind }
        : amount,
    ),
    differences: judged,
  };
}
