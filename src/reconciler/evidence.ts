/** What is known of one listed event, by its object, by the index and by the ledger. Types only. */
import type { EventState } from "../event/event-state.ts";
import type { SettlementLookup } from "../ledger/port.ts";
import type { Mapping } from "../settlement/mapping.ts";
import type { KnownSettlement } from "../settlement/settlement.ts";
import type { HeldSettlement } from "./compare.ts";
import type { Bounds } from "./window.ts";

/** As much of an event's state as decides. */
export type KnownEvent = Pick<
  EventState,
  "state" | "reason" | "attempts" | "next_retry_at" | "alarm_at" | "last_error"
> & {
  readonly settlement: KnownSettlement | null;
  readonly evidence: Pick<EventState["evidence"], "signing_secret">;
};

/** What the event's object answered. */
export type Inspection =
  | { readonly kind: "known"; readonly event: KnownEvent }
  | { readonly kind: "unknown" }
  | { readonly kind: "unreachable" };

/**
 * What the run does about an event. `redeliver`: it is on record as what moves no money, and means money now.
 * `wait`: an attempt is under way, and nothing is wrong.
 */
export type Act = "deliver" | "redeliver" | "poke" | "wait";

export interface Listed {
  readonly event_id: string;
  readonly event_type: string;
  /** Epoch milliseconds. */
  readonly created: number;
  readonly mapping: Mapping;
}

/** The row in the index of an event that is over. A final state stays as it is. */
export interface FinalSummary {
  readonly event_id: string;
  readonly state: "forwarded" | "ignored";
  readonly reason: string | null;
  readonly attempts: number;
  readonly payment_id: string | null;
  readonly account_id: string | null;
  readonly amount_minor: string | null;
  readonly currency: string | null;
}

/** Asked for, or found among what was walked. */
export type Lookup =
  | { readonly kind: "found"; readonly settlement: HeldSettlement }
  | Exclude<SettlementLookup, { kind: "found" }>;

export interface Evidence {
  readonly listed: Listed;
  /** After whatever was done about it. */
  readonly inspection: Inspection;
  /** What this run did, now or before it was cut off in the middle of this page. */
  readonly act: Act | null;
  /** null: not asked, or no answer. Only forwarded events are asked about. */
  readonly ledger: Lookup | null;
  readonly bounds: Bounds;
}
