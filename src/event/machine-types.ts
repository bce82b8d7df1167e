/** The machine's words: what can happen to an event, and what follows from it. Types and limits only. */
import type { LedgerRefusal, SettleOutcome } from "../ledger/port.ts";
import type { Mapping } from "../settlement/mapping.ts";
import type { Answer } from "../settlement/questions.ts";
import type { BackoffPolicy } from "./backoff.ts";
import type { EventRecord, Trigger } from "./record.ts";

/** Added to the ledger's timeout: the time an attempt may need besides, before its silence means "lost". */
export const LEASE_MARGIN_MS = 5_000;
/**
 * A redelivery this soon after a failed attempt gets the stored answer: nothing can have healed meanwhile.
 */
export const REDELIVERY_QUIET_MS = 5_000;

export interface Policy extends BackoffPolicy {
  readonly ledgerTimeoutMs: number;
  /** What the ledger's accounts hold. Money of another currency is held for an operator. */
  readonly currencies: readonly string[];
  /** How long a final event is kept after its last change. See `keptUntil`. */
  readonly retentionMs: number;
}

export interface Context {
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
  readonly policy: Policy;
  /**
   * Whether this instance is waiting for the ledger right now. False with
   * an attempt on record: it was cut off.
   */
  readonly inFlight: boolean;
}

/** One event as Stripe gave it, in a verified request or in a list, as far as the event's object needs it. */
export interface Delivery {
  readonly event_id: string;
  readonly event_type: string;
  readonly livemode: boolean;
  readonly api_version: string | null;
  readonly stripe_account: string | null;
  readonly mapping: Mapping;
  /** 32 bytes. */
  readonly body_sha256: Uint8Array;
  /**
   * The signing secret that verified it; null: no request of Stripe's,
   * but an event that its API listed to us.
   */
  readonly secret_index: number | null;
  /** The operator who had it made of a balance transaction: Stripe has no such event. */
  readonly sent_by?: { readonly actor: string; readonly note: string };
  /** The raw body, of an event that cannot be settled as it is. */
  readonly body: Uint8Array | null;
  /** For the log only. */
  readonly request_id: string;
}

/** What an attempt that this delivery begins is called in the log. */
export function triggerOf({ secret_index, sent_by }: Pick<Delivery, "secret_index" | "sent_by">): Trigger {
  if (sent_by !== undefined) return "audit";
  return secret_index === null ? "backfill" : "delivery";
}

export interface OperatorRetry {
  readonly actor: string;
  readonly note: string | null;
  /** `healing`: leave permanent failures alone. `any`: try them too. */
  readonly scope: "healing" | "any";
  /** What the kept body of an unmappable event maps to now; null until somebody has looked. */
  readonly mapping: Mapping | null;
}

/** For an event of which nobody could say whose money it is. */
export interface OperatorAssignment {
  readonly account_id: string;
  readonly actor: string;
  readonly note: string;
  /** What the kept body maps to with this account; null until somebody has looked. */
  readonly mapping: Mapping | null;
}

export type Input =
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | { readonly kind: "alarm" }
  | { readonly kind: "poke" }
  | { readonly kind: "answer"; readonly attempt: number; readonly answer: Answer | LedgerRefusal }
  | { readonly kind: "outcome"; readonly attempt: number; readonly outcome: SettleOutcome }
  | { readonly kind: "operator_retry"; readonly retry: OperatorRetry }
  | { readonly kind: "operator_assign"; readonly assignment: OperatorAssignment }
  | {
      readonly kind: "operator_resolve" | "operator_reopen";
      readonly actor: string;
      readonly note: string;
    };

export type Effect =
  /** In the same turn as the save, so that both commit together. */
  | { readonly kind: "set_alarm"; readonly at: number }
  /** Ask the ledger, as the record's state says. */
  | { readonly kind: "attempt" }
  /** Publish the row, and only then move the alarm to where the record wants it. */
  | { readonly kind: "publish" }
  | { readonly kind: "purge" };

/** What the one who caused the step is told. */
export type Verdict =
  | "created" /** first delivery, and nothing to ask the ledger */
  | "started" /** this input began an attempt */
  | "joined" /** an attempt is under way; wait for it */
  | "stored" /** nothing to do: the record is the answer */
  | "conflict" /** the same event_id with other money */
  | "unknown_event"
  | "needs_mapping" /** the kept body must be mapped again first */
  | "invalid_state"
  | "done";

export interface Step {
  /** null: the event does not exist, and the input did not make it exist. */
  readonly record: EventRecord | null;
  readonly effects: readonly Effect[];
  readonly verdict: Verdict;
}
