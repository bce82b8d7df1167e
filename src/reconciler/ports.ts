/** What walking a page needs from outside, and what it results in. Types only. */
import type { Prepared } from "../delivery/prepare.ts";
import type { RpcResult } from "../durable-object/rpc.ts";
import type { Delivery } from "../event/machine-types.ts";
import type { EventState } from "../event/event-state.ts";
import type { LedgerReader } from "../ledger/port.ts";
import type { StripeEvents } from "../stripe-api/port.ts";
import type { Finding } from "./findings.ts";
import type { ListPosition } from "./list-position.ts";
import type { FailureCode, Running } from "./run.ts";
import type { Bounds } from "./window.ts";

export interface PagePorts {
  readonly stripe: StripeEvents;
  readonly ledger: LedgerReader;
  readonly inspect: (eventId: string) => Promise<RpcResult<EventState | null>>;
  readonly deliver: (delivery: Delivery) => Promise<unknown>;
  readonly poke: (eventId: string) => Promise<unknown>;
  readonly prepare: (body: Uint8Array<ArrayBuffer>) => Promise<Prepared>;
  readonly types: readonly string[];
  readonly bounds: () => Bounds;
  readonly now: () => number;
  /** Called before anything is done, so that it is stored by then. */
  readonly recordActing: (acting: Running["acting"]) => void;
}

export type PageOutcome =
  | {
      readonly kind: "page";
      readonly findings: readonly Finding[];
      readonly position: ListPosition;
      readonly walked: boolean;
      readonly reached: number | null;
    }
  /** The same page again: at once, from another position; or later. */
  | { readonly kind: "reposition"; readonly position: ListPosition }
  | { readonly kind: "later"; readonly why: FailureCode; readonly retryAfterMs: number | null }
  | { readonly kind: "failed"; readonly error: FailureCode };

export type Postponed = Extract<PageOutcome, { kind: "later" }>;
