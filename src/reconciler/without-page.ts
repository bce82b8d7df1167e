/** What to do when Stripe gives no page of a list. Pure. */
import { retryAfterMs } from "../retry-after.ts";
import type { ListAnswer } from "../stripe-api/port.ts";
import { type ListPosition, withoutId } from "./list-position.ts";
import type { PageOutcome } from "./ports.ts";

export function withoutPage(
  answer: Exclude<ListAnswer, { kind: "page" }>,
  position: ListPosition,
  now: number,
): Exclude<PageOutcome, { kind: "page" }> {
  switch (answer.kind) {
    case "refused":
      return { kind: "failed", error: "stripe_unauthorized" };
    case "rejected":
      return { kind: "failed", error: "stripe_rejected" };
    case "unavailable":
      return { kind: "later", why: "stripe_unavailable", retryAfterMs: retryAfterMs(answer.retryAfter, now) };
    case "starting_after_unknown": {
      const again = withoutId(position);
      if (again === null) return { kind: "failed", error: "stripe_rejected" };
      return { kind: "reposition", position: again };
    }
  }
}
