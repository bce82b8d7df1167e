/**
 * What a client gets when the ledger refuses by a fault, or when something in front of it answers instead.
 */
import { DAY, SECOND } from "../../scripts/lib/durations.ts";
import type { Random } from "../../scripts/lib/random.ts";
import type { LedgerAnswer } from "../../src/ledger/outcome.ts";
import type { LedgerFault } from "./fault-plan.ts";

export type ShortAnswer = Pick<LedgerAnswer, "status" | "body"> & { readonly retryAfter?: string };

type Refusing = Extract<LedgerFault, "down" | "rate_limited" | "rejected" | "unauthorized" | "concurrent">;

/** Nothing was done. */
export function answerOfFault(fault: Refusing, random: Random, now: number): ShortAnswer {
  switch (fault) {
    case "down":
      return refusal(503, "SERVICE_UNAVAILABLE");
    case "rate_limited":
      return { ...refusal(429, "RATE_LIMITED"), retryAfter: retryAfter(random, now) };
    case "rejected":
      return refusal(random.pick([400, 409, 422]), "SETTLEMENT_REJECTED");
    case "unauthorized":
      return refusal(401, "UNAUTHORIZED");
    case "concurrent":
      return refusal(409, "CONCURRENT_INGESTION_CONFLICT");
  }
}

/** A proxy, a firewall, a login page: none of them knows what the ledger does. */
export function foreignAnswer(random: Random, now: number): ShortAnswer {
  const status = random.pick([200, 302, 302, 403, 404, 409, 422, 429, 500, 502, 502, 504]);
  const body = random.pick(["", "<html>Please log in</html>", '{"message":"no"}']);
  return { status, body, ...(status === 429 && { retryAfter: retryAfter(random, now) }) };
}

function refusal(status: number, code: string): ShortAnswer {
  return { status, body: JSON.stringify({ error: "refused", code }) };
}

function retryAfter(random: Random, now: number): string {
  const seconds = random.pick([0, 1, 30, 600, 7_200, 99_999_999]);
  const date = new Date(Math.min(now + seconds * SECOND, now + 2 * DAY)).toUTCString();
  return random.pick([String(seconds), date, "soon"]);
}
