import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalInConstantTime, sha256, sha256Hex, toHex, utf8 } from "../../../src/bytes.ts";

const bytes = fc.uint8Array({ maxLength: 200 });

describe("digests", () => {
  it("nothing → the digest of nothing", async () => {
    expect(await sha256Hex(utf8(""))).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  it("any bytes → what Node says", async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (data) => {
        const copy = new Uint8Array(data);
        const expected = createHash("sha256").update(copy).digest();
        expect(await sha256Hex(copy)).toBe(expected.toString("hex"));
        expect(Buffer.from(await sha256(copy)).equals(expected)).toBe(true);
      }),
    );
  });
});

describe("hex and UTF-8", () => {
  it("any bytes → two lowercase digits each", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(toHex(data)).toBe(Buffer.from(data).toString("hex"));
      }),
    );
  });

  it("any text → its bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(Buffer.from(utf8(text)).toString("utf8")).toBe(text);
      }),
    );
  });
});

describe("comparison", () => {
  it("any bytes and themselves → equal", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(equalInConstantTime(data, data.slice())).toBe(true);
      }),
    );
  });

  it("any bytes and the same with one bit turned → different", () => {
    const nonEmpty = fc.uint8Array({ minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(nonEmpty, fc.nat(), fc.integer({ min: 0, max: 7 }), (data, position, bit) => {
        const other = data.slice();
        const at = position % data.length;
        other[at] = (data[at] as number) ^ (1 << bit);
        expect(equalInConstantTime(data, other)).toBe(false);
      }),
    );
  });

  it("a text and its beginning → different", () => {
    expect(equalInConstantTime(utf8("key"), utf8("keys"))).toBe(false);
    expect(equalInConstantTime(utf8("keys"), utf8("key"))).toBe(false);
  });
});
