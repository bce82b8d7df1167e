/** What walking a page needs of the world, and what it comes to. Types only. */
import type { Prepared } from "../delivery/prepare.ts";
import type { RpcResult } from "../durable-object/rpc.ts";
import type { Delivery } from "../event/machine-types.ts";
import type { EventState } from "../event/event-state.ts";
import type { LedgerReader } from "../ledger/port.ts";
import type { StripeEvents } from "../stripe-api/port.ts";
import type { Cursor } from "./list-position.ts";
import type { Finding } from "./findings.ts";
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
  /** On record before anything is done. */
  readonly intend: (acting: Running["acting"]) => void;
}

export type PageOutcome =
  | {
      readonly kind: "page";
      readonly findings: readonly Finding[];
      readonly cursor: Cursor;
      readonly walked: boolean;
      readonly reached: number | null;
    }
  /** The same page again: now, from another cursor; or later. */
  | { readonly kind: "from"; readonly cursor: Cursor }
  | { readonly kind: "later"; readonly why: FailureCode; readonly retryAfterMs: number | null }
  | { readonly kind: "failed"; readonly error: FailureCode };
