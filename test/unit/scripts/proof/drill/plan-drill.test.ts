import { describe, expect, it } from "vitest";
import { partsOf, planDrill } from "../../../../../scripts/proof/drill/plan-drill.ts";
import { Random } from "../../../../../scripts/lib/random.ts";
import { balancesAfter, type HistoryEvent } from "../../../../../scripts/proof/histories/history.ts";

const COUNT = 3;

/**
 * What accounts lack once the money of all of these has moved. Money
 * without an account waits for an operator.
 */
function debts(events: readonly HistoryEvent[]): bigint[] {
  const moved = events.flatMap(({ heldFor, movement }) => (heldFor === null ? (movement ?? []) : []));
  return [...balancesAfter(new Set(moved)).values()].flatMap((sums) =>
    [...sums.values()].filter((sum) => sum < 0n),
  );
}

describe("the parts of a plan", () => {
  it.each([1, 2, 3, 4, 5])("seed %i → every event in one of them, in its order of arrival", (seed) => {
    const plan = planDrill(new Random(seed), 900, 40);
    const parts = partsOf(plan, COUNT);
    expect(parts).toHaveLength(COUNT);
    expect(new Set(parts.flat())).toEqual(new Set(plan.events));
    expect(parts.flat()).toHaveLength(plan.events.length);
    for (const part of parts) {
      const places = part.map((event) => plan.events.indexOf(event));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });

  it.each([1, 2, 3, 5, 483107])(
    "seed %i → after each part, every account can pay what is asked of it",
    (seed) => {
      const parts = partsOf(planDrill(new Random(seed), 2_850, 40), COUNT);
      for (let count = 1; count <= COUNT; count++) {
        expect(debts(parts.slice(0, count).flat())).toEqual([]);
      }
    },
  );
});
