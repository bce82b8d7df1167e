/** What a run can find: a closed list of kinds, and what each means. Pure. */
import { z } from "zod";
import { currencySchema, minorUnitsSchema } from "../wire-schemas.ts";

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
};

/** While one of these is left, it is not known that every event has arrived. Events of the other kinds are in the index. */
export const HOLDING: readonly Kind[] = ["missing", "expired", "malformed", "unreachable"];

export const differenceSchema = z.strictObject({
  event_id: z.string(),
  event_type: z.string(),
  /** ISO 8601. */
  created_at: z.string(),
  kind: z.enum(KINDS),
  /** Which field contradicts, for `conflicting` and `mismatched`; else empty. */
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
});
export type Difference = z.infer<typeof differenceSchema>;

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
