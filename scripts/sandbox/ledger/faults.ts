/**
 * The faults a test can switch on, and the queue they wait in. Pure.
 *
 * The fault at the head meets each request it applies to until its count is used up; then the next one's turn
 * comes. A fault without a count stays until it is cleared.
 */
import { z } from "zod";
import { STATEMENTS } from "./statements.ts";

const MAX_DELAY_MS = 600_000;
const MAX_COUNT = 1_000_000;
const DEFAULT_HANG_MS = 60_000;
const DEFAULT_RETRY_AFTER_SECONDS = 1;
const MAX_RETRY_AFTER_SECONDS = 86_400;

/** Requests it will still meet; absent: until cleared. */
const count = z.int().min(1).max(MAX_COUNT).optional();
const delay_ms = z.int().min(0).max(MAX_DELAY_MS);

export const faultSchema = z.discriminatedUnion("kind", [
  /** 503; nothing is done. */
  z.strictObject({ kind: z.literal("down"), count }),
  /**
   * Waits, and only then does what was asked: a client that gives up early
   * may be overtaken by its own request.
   */
  z.strictObject({ kind: z.literal("slow"), count, delay_ms }),
  /** 429 with `Retry-After`; nothing is done. */
  z.strictObject({
    kind: z.literal("rate_limited"),
    count,
    retry_after_seconds: z.int().min(0).max(MAX_RETRY_AFTER_SECONDS).default(DEFAULT_RETRY_AFTER_SECONDS),
  }),
  /** Any 4xx with any code; nothing is done. */
  z.strictObject({
    kind: z.literal("reject"),
    count,
    status: z.int().min(400).max(499).default(422),
    code: z.string().min(1).max(100).default("SETTLEMENT_REJECTED"),
  }),
  /** Does what was asked; the answer breaks off in the middle. */
  z.strictObject({ kind: z.literal("commit_then_drop"), count }),
  /** Does what was asked at once; answers late. */
  z.strictObject({
    kind: z.literal("commit_then_hang"),
    count,
    delay_ms: delay_ms.default(DEFAULT_HANG_MS),
  }),
  /**
   * The process dies right after this statement of the ingest: nothing further is done, and nothing is
   * answered. An ingest that does not come to this statement runs to its end. In mode `atomic` nothing of it
   * remains.
   */
  z.strictObject({ kind: z.literal("cut_off"), count, after: z.enum(STATEMENTS) }),
]);

export type Fault = z.output<typeof faultSchema>;
/** As a test writes it: what has a default may be left out. */
export type FaultInput = z.input<typeof faultSchema>;
export type Route = "ingest" | "lookup";

/** A refusal that a fault gives in place of the ledger's own answer. */
interface FaultAnswer {
  readonly status: number;
  readonly body: { readonly error: string; readonly code: string };
  readonly retry_after_seconds?: number;
}

/** The fault that meets a request on this route, and the queue after it. */
export function takeFault(
  queue: readonly Fault[],
  route: Route,
): { readonly fault: Fault | null; readonly queue: readonly Fault[] } {
  const head = queue[0];
  if (head === undefined || (route === "lookup" && !meetsLookups(head))) return { fault: null, queue };
  if (head.count === undefined) return { fault: head, queue };
  const rest = queue.slice(1);
  return { fault: head, queue: head.count === 1 ? rest : [{ ...head, count: head.count - 1 }, ...rest] };
}

/** The other kinds are about commits and settlements, which a look-up does not make. */
function meetsLookups(fault: Fault): boolean {
  return fault.kind === "down" || fault.kind === "slow" || fault.kind === "rate_limited";
}

/** What the fault answers by itself; null where the ledger still does its work. */
export function faultAnswer(fault: Fault | null): FaultAnswer | null {
  switch (fault?.kind) {
    case "down":
      return { status: 503, body: { error: "sandbox fault: down", code: "SERVICE_UNAVAILABLE" } };
    case "rate_limited":
      return {
        status: 429,
        body: { error: "sandbox fault: rate_limited", code: "RATE_LIMITED" },
        retry_after_seconds: fault.retry_after_seconds,
      };
    case "reject":
      return { status: fault.status, body: { error: "sandbox fault: reject", code: fault.code } };
    case "slow":
    case "commit_then_drop":
    case "commit_then_hang":
    case "cut_off":
    case undefined:
      return null;
  }
}
