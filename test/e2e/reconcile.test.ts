/**
 * Reconciliation on the started stack: killed in the middle, answered badly by Stripe, under load. In
 * `npm run test:proof`. At length: `npm run drill`.
 */
import { expect, it } from "vitest";
import { reconcileDrill } from "../../scripts/proof/drill/reconcile.ts";
import { isProof } from "../support/effort.ts";

it.skipIf(!isProof)(
  "lost deliveries and altered settlements, two kills, faults at Stripe → exactly these are found, then nothing",
  async () => {
    const options = { payments: 500, lost: 25, altered: 6, kills: 2, faults: true, seed: 6 };
    const { disagreements, runs } = await reconcileDrill(options, () => undefined);
    expect(disagreements).toEqual([]);
    expect(runs.map(({ report }) => report.counts["backfilled"])).toEqual([25, 0]);
  },
);
