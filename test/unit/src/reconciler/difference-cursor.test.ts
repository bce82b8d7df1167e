import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeDifferenceCursor,
  encodeDifferenceCursor,
} from "../../../../src/reconciler/difference-cursor.ts";
import { KINDS } from "../../../../src/reconciler/findings.ts";

describe("a cursor", () => {
  it("of any difference → comes back", () => {
    for (const kind of KINDS) {
      for (const subject of ["evt_1", "txn_1", "5f0c9c0e-7f9c", "e".repeat(255)]) {
        for (const field of ["", "amount_minor"]) {
          const after = { subject, kind, field };
          expect(decodeDifferenceCursor(encodeDifferenceCursor(after))).toEqual(after);
        }
      }
    }
  });

  it.each([
    "",
    "evt_1",
    "evt_1.nonsense.",
    "evt_1.missing",
    "evt_1.missing.Field",
    "evt 1.missing.",
    " evt_1.missing.",
    "evt_1.missing. ",
    "evt_1.missing.x.y",
    ".missing.",
    `${"e".repeat(256)}.missing.`,
    `evt_1.missing.${"x".repeat(41)}`,
  ])("%j → null", (text) => {
    expect(decodeDifferenceCursor(text)).toBeNull();
  });

  it("whatever comes → null, or what made it", () => {
    const part = fc.stringMatching(/^[A-Za-z_. ]{0,6}$/);
    const texts = fc.oneof(
      fc.string(),
      fc.tuple(part, fc.constantFrom(...KINDS), part).map((of) => of.join(".")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const after = decodeDifferenceCursor(text);
        expect(after === null ? text : encodeDifferenceCursor(after)).toBe(text);
      }),
    );
  });
});
