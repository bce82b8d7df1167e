/** Reconciliation on the started stack: killed in the middle, answered badly by Stripe, under load. At length: `npm run drill`. */
import { expect, it } from "vitest";
import { reconcileDrill } from "../../scripts/proof/drill/reconcile/drill.ts";

it("lost deliveries and altered settlements, two kills, faults at Stripe → exactly these are found, then nothing", async () => {
  const options = { events: 500, lost: 25, altered: 6, kills: 2, faults: true, seed: 6 };
  const { disagreements, evidence } = await reconcileDrill(options, () => undefined);
  expect(disagreements).toEqual([]);
  expect(evidence.runs.map(({ counts }) => counts["backfilled"])).toEqual([25, 0]);
});
