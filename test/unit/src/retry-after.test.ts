import { describe, expect, it, vi } from "vitest";
import { retryAfterMs } from "../../../src/retry-after.ts";
import { DAY_MS, NOW } from "./ledger/answers.ts";

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["1", 1_000],
    [" 120 ", 120_000],
    ["Tue, 17 Nov 2026 12:00:30 GMT", 30_000],
    ["Tuesday, 17-Nov-26 12:00:30 GMT", 30_000],
    ["Tue Nov 17 12:00:30 2026", 30_000],
    ["Tue, 17 Nov 2026 11:59:59 GMT", 0],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 0],
    ["99999999999", DAY_MS],
    ["9".repeat(400), DAY_MS],
    ["Fri, 31 Dec 9999 23:59:59 GMT", DAY_MS],
    [null, null],
    ["", null],
    ["-5", null],
    ["+5", null],
    ["1.5", null],
    ["1e3", null],
    ["0x10", null],
    ["NaN", null],
    ["Infinity", null],
    ["5, 10", null],
    ["soon", null],
    ["Monday", null],
    ["about Tue, 17 Nov 2026 12:00:30 GMT", null],
    ["Tue,17 Nov 2026 12:00:30 GMT", null],
    ["5 s", null],
    ["Tue, 99 Nov 2026 12:00:30 GMT", null],
    ["2026-11-17T12:00:30Z", null],
  ])("%j → %j ms", (header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms);
  });

  it("a date without a zone, on a machine far from Greenwich → in GMT all the same", () => {
    vi.stubEnv("TZ", "America/New_York");
    try {
      expect(retryAfterMs("Tue Nov 17 12:00:30 2026", NOW)).toBe(30_000);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("at a moment that is no number → null, never NaN", () => {
    expect(retryAfterMs("Tue, 17 Nov 2026 12:00:30 GMT", Number.NaN)).toBeNull();
  });
});
