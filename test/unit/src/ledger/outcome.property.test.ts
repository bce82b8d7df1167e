import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outcomeOfAnswer, settlementOfAnswer } from "../../../../src/ledger/outcome.ts";
import { DAY_MS, NOW, SETTLED } from "./answers.ts";

describe("any answer at all", () => {
  const body = fc.oneof(
    fc.constant(null),
    fc.constant(SETTLED),
    fc.string(),
    fc.json(),
    fc.record({ code: fc.anything(), settlement: fc.anything(), settlements: fc.anything() }).map(toJson),
    fc.record({ code: fc.string({ unit: "binary" }) }).map(toJson),
  );
  const anyAnswer = fc.record({
    status: fc.oneof(
      fc.integer({ min: 0, max: 700 }),
      fc.constantFrom(200, 201, 404, 409, 422, 500),
      fc.double(),
    ),
    body,
    retryAfter: fc.option(
      fc.oneof(fc.string(), fc.integer().map(String), fc.date({ noInvalidDate: true }).map(utc)),
    ),
    nowMs: fc.oneof(fc.constant(NOW), fc.double()),
  });

  it("never throws, has one meaning, and lets no text of the ledger through", () => {
    fc.assert(
      fc.property(anyAnswer, (given) => {
        for (const outcome of [outcomeOfAnswer(given), settlementOfAnswer(given, "payin")]) {
          const { kind, ledger_code, retry_after_ms } = {
            ledger_code: null,
            retry_after_ms: null,
            ...outcome,
          };
          expect(["accepted", "found", "absent", "rejected", "unavailable", "unknown"]).toContain(kind);
          expect(ledger_code ?? "NONE").toMatch(/^[A-Z][A-Z0-9_]{0,63}$/);
          const wait = retry_after_ms ?? 0;
          expect(Number.isInteger(wait) && wait >= 0 && wait <= DAY_MS).toBe(true);
        }
      }),
      { numRuns: 3_000, seed: 11 },
    );
  });

  it("is accepted only with 2xx and an id", () => {
    fc.assert(
      fc.property(anyAnswer, (given) => {
        const outcome = outcomeOfAnswer(given);
        fc.pre(outcome.kind === "accepted");
        expect(Math.floor(given.status / 100)).toBe(2);
        expect(JSON.parse(given.body ?? "")).toMatchObject({ settlement: { id: outcome.settlement_id } });
      }),
      { numRuns: 100, maxSkipsPerRun: 1_000, seed: 12 },
    );
  });
});

/** Not everything that `fc.anything` makes has a form in JSON. */
function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));
  } catch {
    return "{}";
  }
}

function utc(date: Date): string {
  return date.toUTCString();
}
