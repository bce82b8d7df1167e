/** What a run can find: a closed list of kinds, and what each means. Pure. */
import { z } from "zod";
import { currencySchema, isoTimeSchema, minorUnitsSchema } from "../wire-schemas.ts";

/** Explained in {@link MEANINGS}. One event may have more than one. */
export const KINDS = [
  "backfilled",
  "healed",
  "missing",
  "expired",
  "malformed",
  "unreachable",
  "open",
  "failed",
  "unmappable",
  "resolved",
  "ignored",
  "conflicting",
  "mismatched",
  "not_in_ledger",
  "unverified",
  "money_without_event",
  "money_not_booked",
  "booked_differently",
  "unknown_class",
  "orphan",
  "without_effect",
  "booked_twice",
] as const;

export type Kind = (typeof KINDS)[number];

export const MEANINGS: Readonly<Record<Kind, string>> = {
  backfilled: "clawsettle had never got it; this run delivered it",
  healed: "it was overdue, or meant no money before an upgrade; this run had it tried, and it is settled now",
  missing: "clawsettle has never got it, and it was not delivered: a dry run, or its object did not take it",
  expired:
    "clawsettle does not know it, and it is so old that it may have been settled, and purged or booked under another id: not delivered",
  malformed: "Stripe lists something that is no event clawsettle can take",
  unreachable: "the event's object did not answer",
  open: "not settled yet; it is tried again by itself",
  failed: "failed for good; it waits for an operator",
  unmappable: "a money event that cannot become a settlement; it waits for an operator",
  resolved: "an operator has closed it",
  ignored: "it moves no money for the ledger; counted, not listed",
  conflicting: "Stripe lists other money than clawsettle recorded",
  mismatched: "the ledger holds something else than clawsettle forwarded",
  not_in_ledger: "clawsettle forwarded it, and the ledger does not hold it",
  unverified: "the ledger did not say what it holds, asked again and again",
  money_without_event: "money moved at Stripe, no event of it came, and the ledger has no settlement",
  money_not_booked:
    "money moved at Stripe, and although its event is settled or ignored, the ledger has no settlement",
  booked_differently:
    "the ledger's settlement of this money is not as Stripe says: ours is the ledger's value",
  unknown_class: "a balance transaction of which it is not known what it means to the ledger",
  orphan: "a settlement in the ledger that no money at Stripe and no event backs",
  without_effect: "a settlement that must move money, and the ledger has no event for it",
  booked_twice: "a second settlement for one balance transaction",
};

/**
 * While one of these is left, it is not known that every event has arrived, or where its money is. Events of
 * the other kinds are in the index. What the ledger holds beyond Stripe's money leaves none of that
 * unexplained.
 */
export const HOLDING: readonly Kind[] = [
  "missing",
  "expired",
  "malformed",
  "unreachable",
  "money_without_event",
  "money_not_booked",
  "booked_differently",
  "unknown_class",
];

/**
 * What an operator may accept: a difference that is known to stay. What an event's own page or another run
 * moves is not among them, nor is what needs nothing.
 */
export const ACCEPTABLE: readonly Kind[] = [
  "expired",
  "malformed",
  "conflicting",
  "mismatched",
  "not_in_ledger",
  "money_without_event",
  "money_not_booked",
  "booked_differently",
  "unknown_class",
  "orphan",
  "without_effect",
  "booked_twice",
];

export const differenceSchema = z.strictObject({
  /** null: it is about a balance transaction, or about a settlement in the ledger. */
  event_id: z.string().nullable(),
  event_type: z.string().nullable(),
  /** ISO 8601. */
  created_at: z.string(),
  kind: z.enum(KINDS),
  /** Which field contradicts, for `conflicting`, `mismatched` and `booked_differently`; else empty. */
  field: z.string(),
  ours: z.string().nullable(),
  theirs: z.string().nullable(),
  reason: z.string().nullable(),
  /** The money according to Stripe; null where the event names none. */
  payment_id: z.string().nullable(),
  direction: z.string().nullable(),
  status: z.string().nullable(),
  currency: currencySchema.nullable(),
  amount_minor: minorUnitsSchema.nullable(),
  transaction_id: z.string().nullable(),
  settlement_id: z.string().nullable(),
});
export type Difference = z.infer<typeof differenceSchema>;

/** Who accepted a difference, and why. */
export const acceptanceSchema = z.strictObject({
  actor: z.string(),
  note: z.string(),
  accepted_at: isoTimeSchema,
});
export type Acceptance = z.infer<typeof acceptanceSchema>;

/** With who accepted it, if somebody has. */
export interface Judged extends Difference {
  readonly accepted: Acceptance | null;
}

/**
 * What the difference is about. Differences are unique by this, kind and field. A payout and what comes back
 * of it are two transactions of one settlement, and each may differ from it.
 */
export function subjectOf({ event_id, kind, settlement_id, transaction_id }: Difference): string {
  const about = kind === "booked_differently" ? transaction_id : settlement_id;
  return event_id ?? about ?? transaction_id ?? "";
}

/** In the order of a report's canonical text. */
export const DIFFERENCE_FIELDS = differenceSchema.keyof().options;

/** One event's money, on one of the three sides. */
export interface Amount {
  readonly side: Side;
  readonly currency: string;
  readonly direction: string;
  readonly status: string;
  readonly amount_minor: string;
}

export const SIDES = ["stripe", "clawsettle", "ledger"] as const;
export type Side = (typeof SIDES)[number];

/** All that a run keeps about one event. */
export interface Finding {
  readonly differences: readonly Difference[];
  readonly amounts: readonly Amount[];
}
