import { describe, expect, it } from "vitest";
import {
  faultAnswer,
  faultSchema,
  takeFault,
  type Fault,
} from "../../../../../scripts/sandbox/ledger/faults.ts";

const fault = (input: unknown): Fault => faultSchema.parse(input);
const down = (count?: number) => fault({ kind: "down", ...(count === undefined ? {} : { count }) });

/** The kinds that meet this many requests in a row. */
function meet(queue: readonly Fault[], routes: readonly ("ingest" | "lookup")[]): (string | null)[] {
  return routes.map((route) => {
    const taken = takeFault(queue, route);
    queue = taken.queue;
    return taken.fault?.kind ?? null;
  });
}

describe("queue", () => {
  it("empty → no fault", () => {
    expect(takeFault([], "ingest")).toEqual({ fault: null, queue: [] });
  });

  it("down×2, slow×1 → down, down, slow, none", () => {
    const queue = [down(2), fault({ kind: "slow", delay_ms: 5, count: 1 })];
    expect(meet(queue, ["ingest", "ingest", "ingest", "ingest"])).toEqual(["down", "down", "slow", null]);
  });

  it("a fault without a count stays, and those behind it wait", () => {
    expect(meet([down(), down(1)], ["ingest", "ingest", "ingest"])).toEqual(["down", "down", "down"]);
    expect(takeFault([down(), down(1)], "ingest").queue).toHaveLength(2);
  });

  it("down, slow and rate_limited meet look-ups too, and count them", () => {
    expect(meet([down(2)], ["lookup", "ingest", "ingest"])).toEqual(["down", "down", null]);
    expect(meet([fault({ kind: "slow", delay_ms: 1 })], ["lookup"])).toEqual(["slow"]);
    expect(meet([fault({ kind: "rate_limited" })], ["lookup"])).toEqual(["rate_limited"]);
  });

  it.each(["reject", "commit_then_drop", "commit_then_hang"])("%s lets look-ups pass, uncounted", (kind) => {
    expect(meet([fault({ kind, count: 1 })], ["lookup", "ingest", "ingest"])).toEqual([null, kind, null]);
  });
});

describe("answers", () => {
  it.each([
    [{ kind: "down" }, { status: 503 }],
    [
      { kind: "rate_limited", retry_after_seconds: 7 },
      { status: 429, retry_after_seconds: 7 },
    ],
    [{ kind: "rate_limited" }, { status: 429, retry_after_seconds: 1 }],
    [{ kind: "reject" }, { status: 422, body: { code: "SETTLEMENT_REJECTED" } }],
    [
      { kind: "reject", status: 409, code: "DUPLICATE_CONFLICT" },
      { status: 409, body: { code: "DUPLICATE_CONFLICT" } },
    ],
  ])("%o → %o", (input, answer) => {
    expect(faultAnswer(fault(input))).toMatchObject(answer);
  });

  it.each([{ kind: "slow", delay_ms: 1 }, { kind: "commit_then_drop" }, { kind: "commit_then_hang" }])(
    "%o → the ledger's own",
    (input) => {
      expect(faultAnswer(fault(input))).toBeNull();
    },
  );
});

describe("schema refuses", () => {
  it.each([
    { kind: "flood" },
    { kind: "down", count: 0 },
    { kind: "down", delay_ms: 5 },
    { kind: "slow" },
    { kind: "slow", delay_ms: -1 },
    { kind: "reject", status: 500 },
    { kind: "rate_limited", retry_after_seconds: 1.5 },
  ])("%o", (input) => {
    expect(faultSchema.safeParse(input).success).toBe(false);
  });
});
