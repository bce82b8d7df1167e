import { afterEach, describe, expect, it, vi } from "vitest";
import { log, logSampled, REFUSAL_SAMPLE_RATE } from "../../../src/log.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a line", () => {
  it.each(["info", "warn", "error"] as const)("%s → one line of JSON on that level", (level) => {
    const written = vi.spyOn(console, level).mockImplementation(() => {});
    log(level, { msg: "attempt", event_id: "evt_1", duration_ms: 12, deduped: false, ledger_status: null });
    expect(written.mock.calls).toEqual([
      [
        `{"level":"${level}","msg":"attempt","event_id":"evt_1","duration_ms":12,"deduped":false,"ledger_status":null}`,
      ],
    ]);
  });

  it("with line breaks in a value → still one line", () => {
    const written = vi.spyOn(console, "info").mockImplementation(() => {});
    log("info", { msg: "x", why: "a\nb\r\n\u2028{}" });
    expect(String(written.mock.calls[0]?.[0])).not.toMatch(/[\n\r]/);
  });
});

describe("a sampled line", () => {
  it.each([
    [0, true],
    [0.0999, true],
    [0.1, false],
    [0.9999, false],
  ])("random number %f → written: %o", (random, isWritten) => {
    const written = vi.spyOn(console, "warn").mockImplementation(() => {});
    logSampled("warn", { msg: "delivery_refused" }, random);
    expect(written).toHaveBeenCalledTimes(isWritten ? 1 : 0);
  });

  it("carries the rate, so that counts can be scaled back", () => {
    const written = vi.spyOn(console, "warn").mockImplementation(() => {});
    logSampled("warn", { msg: "delivery_refused" }, 0);
    expect(JSON.parse(String(written.mock.calls[0]?.[0]))).toMatchObject({
      sampled_one_in: REFUSAL_SAMPLE_RATE,
    });
  });
});
