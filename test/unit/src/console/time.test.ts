import { describe, expect, it } from "vitest";
import { duration, relative, utc } from "../../../../src/console/ui/time.tsx";

describe("duration", () => {
  it.each([
    [0, "0 s"],
    [-5, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [3_599, "59 min"],
    [3_600, "1 h"],
    [3_660, "1 h 1 min"],
    [86_400, "1 d"],
    [266_400, "3 d 2 h"],
  ])("%d s → %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("relative and utc", () => {
  const now = Date.parse("2026-11-20T12:00:00.000Z");

  it.each([
    ["2026-11-20T12:00:00.400Z", "just now"],
    ["2026-11-20T11:59:30.000Z", "30 s ago"],
    ["2026-11-20T12:02:00.000Z", "in 2 min"],
  ])("%s → %s", (at, text) => {
    expect(relative(at, now)).toBe(text);
  });

  it("a time without its fractions", () => {
    expect(utc("2026-11-20T11:59:30.123Z")).toBe("2026-11-20 11:59:30");
  });
});
