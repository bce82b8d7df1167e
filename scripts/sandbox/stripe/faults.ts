/**
 * The faults a test can switch on, each with its share of the requests: the first request that one of them
 * meets is its own. Pure.
 */
import { z } from "zod";

const common = {
  /** Meets one request in so many. */
  every: z.int().min(1).max(1_000).default(1),
  /** Requests it will still meet; absent: until cleared. */
  count: z.int().min(1).max(1_000_000).optional(),
  /** Only requests to paths that begin so count. */
  path: z.string().startsWith("/v1/").optional(),
  /** Only requests made as this connected account count: it is away, and all others are there. */
  account: z.string().startsWith("acct_").optional(),
};

export const faultSchema = z.discriminatedUnion("kind", [
  /** 429. */
  z.strictObject({
    kind: z.literal("rate_limited"),
    ...common,
    retry_after_seconds: z.int().min(0).max(3_600).optional(),
  }),
  /** 500. */
  z.strictObject({ kind: z.literal("down"), ...common }),
  /** Answers late. */
  z.strictObject({ kind: z.literal("slow"), ...common, delay_ms: z.int().min(0).max(600_000) }),
  /** The answer breaks off in the middle. */
  z.strictObject({ kind: z.literal("cut_off"), ...common }),
  /** 403: a restricted key that may not read this. */
  z.strictObject({ kind: z.literal("refused"), ...common }),
  /** 200, and not Stripe's: the page of a proxy. */
  z.strictObject({ kind: z.literal("nonsense"), ...common }),
]);

export type Fault = z.infer<typeof faultSchema>;

/** A fault, and how many requests have come by since it last met one. */
export type Waiting = Fault & { readonly seen: number };

export function takeFault(
  waiting: readonly Waiting[],
  { path, account }: { readonly path: string; readonly account: string },
): {
  readonly fault: Fault | null;
  readonly waiting: readonly Waiting[];
} {
  const concerns = (fault: Waiting) =>
    path.startsWith(fault.path ?? "") && account === (fault.account ?? account);
  const counted = waiting.map((fault) => (concerns(fault) ? { ...fault, seen: fault.seen + 1 } : fault));
  const met = counted.find((fault) => concerns(fault) && fault.seen >= fault.every) ?? null;
  if (met === null) return { fault: null, waiting: counted };
  const left = counted.flatMap((fault): Waiting[] => {
    if (fault !== met) return [fault];
    if (met.count === undefined) return [{ ...met, seen: 0 }];
    return met.count === 1 ? [] : [{ ...met, seen: 0, count: met.count - 1 }];
  });
  return { fault: met, waiting: left };
}
