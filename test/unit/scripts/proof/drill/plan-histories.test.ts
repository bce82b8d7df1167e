import { describe, expect, it } from "vitest";
import { partsOf, tellDrill } from "../../../../../scripts/proof/drill/plan-histories.ts";
import { Random } from "../../../../../scripts/lib/random.ts";
import type { ToldEvent } from "../../../../../scripts/proof/histories/history.ts";

const COUNT = 3;

/** What each account has once all of these are told, per currency. */
function balancesOf(events: readonly ToldEvent[]): Map<string, bigint> {
  const told = events.filter(({ expected }) => expected === "money");
  const sums = new Map<string, bigint>();
  for (const movement of new Set(told.map((event) => event.movement))) {
    // Money without an account waits for an operator, not for other money.
    if (movement === null || movement.account === null) continue;
    const purse = `${movement.account} ${movement.currency}`;
    sums.set(purse, (sums.get(purse) ?? 0n) + movement.delta);
  }
  return sums;
}

describe("the parts of a story", () => {
  it.each([1, 2, 3, 4, 5])("seed %i → every event in one of them, in its order of arrival", (seed) => {
    const story = tellDrill(new Random(seed), 900, 40);
    const parts = partsOf(story, COUNT);
    expect(parts).toHaveLength(COUNT);
    expect(new Set(parts.flat())).toEqual(new Set(story.events));
    expect(parts.flat()).toHaveLength(story.events.length);
    for (const part of parts) {
      const places = part.map((event) => story.events.indexOf(event));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });

  it.each([1, 2, 3, 5, 483107])(
    "seed %i → after each part, every account can pay what is asked of it",
    (seed) => {
      const parts = partsOf(tellDrill(new Random(seed), 2_850, 40), COUNT);
      for (let told = 1; told <= COUNT; told++) {
        const owing = [...balancesOf(parts.slice(0, told).flat())].filter(([, sum]) => sum < 0n);
        expect(owing).toEqual([]);
      }
    },
  );
});
