import { expect, it, vi } from "vitest";
import { withAttemptPoints } from "../../../src/attempt-points.ts";

const LINE = {
  msg: "attempt",
  event_id: "evt_1",
  event_type: "payment_intent.succeeded",
  state: "failed",
  trigger: "alarm",
  outcome: "unknown",
  duration_ms: 2_000,
  attempt: 3,
  ledger_status: null,
};

it("an attempt's line → logged, and one point", () => {
  const log = vi.fn<() => void>();
  const writeDataPoint = vi.fn<() => void>();
  withAttemptPoints(log, { writeDataPoint })("warn", LINE);
  expect(log.mock.calls).toEqual([["warn", LINE]]);
  expect(writeDataPoint.mock.calls).toEqual([
    [
      {
        indexes: ["payment_intent.succeeded"],
        blobs: ["payment_intent.succeeded", "failed", "alarm", "unknown", "evt_1"],
        doubles: [2_000, 3, 0],
      },
    ],
  ]);
});

it("any other line → logged, and no point", () => {
  const writeDataPoint = vi.fn<() => void>();
  withAttemptPoints(() => {}, { writeDataPoint })("info", { msg: "alarm" });
  expect(writeDataPoint).not.toHaveBeenCalled();
});

it("a type that is too long for an index is cut, in bytes", () => {
  const writeDataPoint = vi.fn<(point?: AnalyticsEngineDataPoint) => void>();
  withAttemptPoints(() => {}, { writeDataPoint })("info", { ...LINE, event_type: "€".repeat(500) });
  const [index] = writeDataPoint.mock.calls[0]?.[0]?.indexes ?? [];
  expect(new TextEncoder().encode(String(index)).length).toBeLessThanOrEqual(96);
});

it("a dataset that throws is never in the way", () => {
  const log = withAttemptPoints(() => {}, {
    writeDataPoint: () => {
      throw new Error("quota");
    },
  });
  expect(() => log("info", LINE)).not.toThrow();
});
