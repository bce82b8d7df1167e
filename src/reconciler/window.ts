/**
 * Which stretch of time a run may cover. Pure; times are epoch milliseconds.
 *
 * The one danger of reading Stripe's list is an event that looks missing, but was settled. Its object may
 * have been purged since: if it were delivered, only the ledger would prevent that it is booked twice. Or
 * another event was settled for the same movement, under an external id of an earlier mapping, and then not
 * even the ledger would. So no window reaches back, and nothing is delivered, from before the time at which
 * objects may have been purged, or the mapping changed.
 */
import { z } from "zod";
import { storedFormat } from "../stored-version.ts";

/** Stripe lists events of the last 30 days. https://docs.stripe.com/api/events/list */
export const STRIPE_KEEPS_MS = 30 * 86_400_000;
/** Clocks differ, and a page takes some time: what is this close to the purge counts as purged. */
export const PURGE_MARGIN_MS = 3_600_000;

/**
 * Counts the versions of the mapping that give a movement another external id than the one before. The first
 * one was 1.0.0's. With this one refunds come from `refund.*` alone, and disputes go by balance transactions.
 */
const NAMING = 2;

/** From `from`, inclusive, to `to`, exclusive. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** What this deployment stores about how its events are kept and booked. */
const boundsSchema = z.strictObject({
  /**
   * Objects of events that came before this may be gone. It never moves back, even when the retention grows.
   */
  purged_before: z.int(),
  naming: z.int(),
  /** When {@link NAMING} changed here; null: never. What came before was booked under other external ids. */
  renamed_at: z.int().nullable(),
});
export type Bounds = Readonly<z.infer<typeof boundsSchema>>;

/** Version 0, 1.0.0's, knew of no naming but its own. */
export const storedBounds = storedFormat("reconciliation's bounds", boundsSchema, [
  ({ purged_before, naming = 1, renamed_at = null }: Partial<Bounds>) => ({
    purged_before,
    naming,
    renamed_at,
  }),
]);

export interface Setting {
  readonly retentionMs: number;
  /** Whose money is settled besides the platform's own. */
  readonly connectedAccounts: ReadonlySet<string>;
}

/** The bounds as they are at `now`. */
export function boundsAt(
  known: Bounds | null,
  { retentionMs }: Pick<Setting, "retentionMs">,
  now: number,
): Bounds {
  const isNamedAlike = known === null || known.naming === NAMING;
  return {
    purged_before: Math.max(known?.purged_before ?? 0, now - retentionMs),
    naming: NAMING,
    renamed_at: isNamedAlike ? (known?.renamed_at ?? null) : now,
  };
}

export type WindowProblem =
  | "empty"
  | "in_future"
  | "before_stripe_list"
  | "before_retention"
  | "before_mapping";

export interface WindowRefusal {
  readonly kind: "window_refused";
  readonly why: WindowProblem;
  /** One sentence for an operator. */
  readonly problem: string;
  /** The earliest `from` that would be taken. */
  readonly oldest: number;
}

/** The earliest `from`, and what sets it. */
export function oldestFrom(
  bounds: Bounds,
  now: number,
): { readonly at: number; readonly why: WindowProblem } {
  const limits = [
    { at: now - STRIPE_KEEPS_MS, why: "before_stripe_list" },
    { at: bounds.purged_before + PURGE_MARGIN_MS, why: "before_retention" },
    { at: bounds.renamed_at ?? 0, why: "before_mapping" },
  ] as const;
  return limits.reduce((latest, limit) => (limit.at > latest.at ? limit : latest));
}

export function refuseWindow({ from, to }: Window, bounds: Bounds, now: number): WindowRefusal | null {
  const oldest = oldestFrom(bounds, now);
  const refuse = (why: WindowProblem): WindowRefusal => ({
    kind: "window_refused",
    why,
    problem: PROBLEMS[why],
    oldest: oldest.at,
  });
  if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && from < to)) return refuse("empty");
  if (to > now) return refuse("in_future");
  return from < oldest.at ? refuse(oldest.why) : null;
}

const PROBLEMS: Readonly<Record<WindowProblem, string>> = {
  empty: "from must be before to",
  in_future: "to must not be in the future: what has not happened yet cannot be complete",
  before_stripe_list: "from is older than 30 days: Stripe lists no events from then",
  before_retention:
    "from is older than the retention: events settled then may have been purged, and look missing",
  before_mapping:
    "from is before the upgrade that gave movements other ids at the ledger: what was settled then looks missing",
};

/** A missing event this old may have been settled, and purged or known by another id. It is not delivered. */
export function isExpired(createdMs: number, bounds: Bounds): boolean {
  return createdMs < bounds.purged_before + PURGE_MARGIN_MS || isBookedOtherwise(createdMs, bounds);
}

/**
 * Its movement may have been settled under another external id: also one
 * whose event is on record, as ignored.
 */
export function isBookedOtherwise(createdMs: number, { renamed_at }: Bounds): boolean {
  return createdMs < (renamed_at ?? 0);
}

/** Unix seconds, for Stripe's `created[gte]` and `created[lt]`. Its times are whole seconds. */
export function createdRange({ from, to }: Window): { readonly gte: number; readonly lt: number } {
  return { gte: Math.ceil(from / 1_000), lt: Math.ceil(to / 1_000) };
}
