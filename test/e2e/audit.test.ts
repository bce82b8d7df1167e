/** The audit of money on the started stack. At length: `npm run drill -- audit`. */
import { expect, it } from "vitest";
import { auditDrill } from "../../scripts/proof/drill/audit.ts";

it("lost deliveries, events never made, settlements altered, invented, without effect, booked twice, refunds misread → exactly these; accepted → nothing", async () => {
  const wrong = { lost: 6, never: 3, altered: 3, invented: 3, effectless: 2, twice: 2, misread: 2 };
  const { disagreements, found } = await auditDrill({ payments: 48, ...wrong, seed: 7 }, () => undefined);
  expect(disagreements).toEqual([]);
  expect(found[2]).toMatchObject({ orphan: 3, booked_twice: 2, mismatched: 2 });
  expect(Object.keys(found[3] ?? {})).toEqual(["ignored"]);
});
