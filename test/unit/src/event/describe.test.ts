import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { describeEvent } from "../../../../src/event/describe.ts";
import { stateOf } from "../../../../src/event/view.ts";
import { EVERY_STATE, PAYLOAD, T0 } from "../../../support/records.ts";

const alarmAt = (at: number | null) => ({ get: () => Promise.resolve(at) });
const DIGEST = createHash("sha256").update(PAYLOAD).digest("hex");

describe("an event's description", () => {
  it.each([
    ["received", null],
    ["forwarding", DIGEST],
    ["forwarded", DIGEST],
    ["failed(healing)", DIGEST],
    ["failed(draft)", null],
    ["failed(unmappable)", null],
    ["resolved", DIGEST],
    ["ignored", null],
  ] as const)(
    "%s → its state, its alarm, and the hash of the bytes for the ledger: %s",
    async (name, digest) => {
      const record = EVERY_STATE[name]();
      for (const at of [T0, null]) {
        expect(await describeEvent(record, alarmAt(at))).toEqual(stateOf(record, at, digest));
      }
    },
  );
});
