/** Reconciliation on the started stack: killed in the middle, answered badly by Stripe, under load. At length: `npm run drill`. */
import { expect, it } from "vitest";
import { reconcileDrill } from "../../scripts/proof/drill/reconcile.ts";
import { isProof } from "../support/effort.ts";

const [payments, lost] = isProof ? [500, 25] : [240, 12];

it("lost deliveries and altered settlements, two kills, faults at Stripe → exactly these are found, then nothing", async () => {
  const options = { payments, lost, altered: 6, kills: 2, faults: true, seed: 6 };
  const { disagreements, runs } = await reconcileDrill(options, () => undefined);
  expect(disagreements).toEqual([]);
  expect(runs.map(({ report }) => report.counts["backfilled"])).toEqual([lost, 0]);
});
