import * as fc from "fast-check";
import { expect, it } from "vitest";
import { decodeCursor, encodeCursor } from "../../../../src/event-index/cursor.ts";

const eventId = fc.stringMatching(/^evt_[A-Za-z0-9_]{1,250}$/);
const base64url = (text: string) => Buffer.from(text).toString("base64url");

it("what it made it reads, and it fits into a query as it is", () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999_999_999 }), eventId, (received_at, event_id) => {
      const position = { received_at, event_id };
      const cursor = encodeCursor(position);
      expect(encodeURIComponent(cursor)).toBe(cursor);
      expect(decodeCursor(cursor)).toEqual(position);
    }),
  );
});

it.each([
  ["nothing", ""],
  ["no base64url", "a+b/c="],
  ["padded", `${base64url("1.evt_1")}=`],
  ["a space before it", ` ${base64url("1.evt_1")}`],
  ["a line break in it", `${base64url("1.evt_1").slice(0, 4)}\n${base64url("1.evt_1").slice(4)}`],
  ["no position", base64url("hello")],
  ["no time", base64url(".evt_1")],
  ["a negative time", base64url("-1.evt_1")],
  ["a time with leading zeros", base64url("01.evt_1")],
  ["a time too long for a number", base64url("1234567890123456.evt_1")],
  ["no event", base64url("1.")],
  ["another object's id", base64url("1.pi_1")],
  ["more behind it", base64url("1.evt_1;--")],
  ["bytes that are no text", "_____w"],
  ["spare bits set, so that two texts would mean one place", `${base64url("1.evt_1").slice(0, -1)}R`],
  ["endless", "A".repeat(10_000)],
])("%s → null", (_, text) => {
  expect(decodeCursor(text)).toBeNull();
});

it("whatever comes, it does not throw", () => {
  expect(() => fc.assert(fc.property(fc.string(), (text) => void decodeCursor(text)))).not.toThrow();
});
