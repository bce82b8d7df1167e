import * as fc from "fast-check";
import { expect, it } from "vitest";
import { decodeAfter, encodeAfter } from "../../../src/reconciler/after.ts";
import { KINDS } from "../../../src/reconciler/findings.ts";

it("any place → text that reads as the same place", () => {
  const place = fc.record({
    event_id: fc.stringMatching(/^[A-Za-z0-9_]{1,255}$/),
    kind: fc.constantFrom(...KINDS),
    field: fc.stringMatching(/^[a-z_]{0,40}$/),
  });
  fc.assert(
    fc.property(place, (after) => {
      expect(decodeAfter(encodeAfter(after))).toEqual(after);
    }),
  );
});

it.each([
  "",
  "evt_1",
  "evt_1.missing",
  ".missing.",
  "evt_1..",
  "evt_1.no_such_kind.",
  "evt_1.missing.Field",
  "evt_1.missing.a.b",
  " evt_1.missing.",
  "evt_1.missing.\n",
  "evt 1.missing.",
  `${"e".repeat(256)}.missing.`,
  `evt_1.missing.${"f".repeat(41)}`,
])("%j, which no page gave → null", (text) => {
  expect(decodeAfter(text)).toBeNull();
});
