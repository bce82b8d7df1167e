/** What walking a page needs from outside, and what it results in. Types only. */
import type { Prepared } from "../delivery/prepare.ts";
import type { RpcResult } from "../durable-object/rpc.ts";
import type { Delivery } from "../event/machine-types.ts";
import type { EventState } from "../event/event-state.ts";
import type { Ledger, LedgerReader, ListedSettlement } from "../ledger/port.ts";
import type { StripeEvents, StripeMoney } from "../stripe-api/port.ts";
import type { AuditPosition, SummaryPosition } from "./audit-position.ts";
import type { EventName } from "./event-names.ts";
import type { Key } from "./expected-settlement.ts";
import type { FinalSummary } from "./evidence.ts";
import type { Finding } from "./findings.ts";
import type { Judgement, Money } from "./judge-money.ts";
import type { ListPosition } from "./list-position.ts";
import type { MoneyTables } from "./money-tables.ts";
import type { FailureCode, Running } from "./run.ts";
import type { OwnAccount } from "./pinned-account.ts";
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
  /** What was walked of the index and of the ledger before the events. */
  readonly tables: Pick<MoneyTables, "summary" | "settlement">;
  readonly now: () => number;
  /** Called before anything is done, so that it is stored by then. */
  readonly recordActing: (acting: Running["acting"]) => void;
}

export interface AuditPorts {
  readonly money: StripeMoney;
  readonly ledger: Pick<Ledger, "findSettlement" | "listSettlements">;
  readonly inspect: PagePorts["inspect"];
  /**
   * Ids of events that clawsettle has of a payment, refund, …; null: a shard of the index is out of reach.
   */
  readonly findEvents: (paymentId: string) => Promise<readonly string[] | null>;
  /** Rows of the index, newest first, from this time on; null: a shard is out of reach. */
  readonly listSummaries: (
    receivedFrom: number,
    before: SummaryPosition | null,
  ) => Promise<SummaryPage | null>;
  readonly tables: Pick<
    MoneyTables,
    "transactionsAfter" | "settlement" | "settlementsNaming" | "settlementsAfter" | "eventsNamed"
  >;
  readonly connectedAccounts: ReadonlySet<string>;
  /** Whether money of this mode may settle here. */
  readonly settlesMode: (livemode: boolean) => boolean;
  readonly now: () => number;
}

export interface SummaryPage {
  /** Of the events that are over. */
  readonly summaries: readonly FinalSummary[];
  /** null: there are no more. */
  readonly next: SummaryPosition | null;
}

export type RunPorts = PagePorts & AuditPorts;

export type AccountOutcome =
  | { readonly kind: "account"; readonly account: OwnAccount }
  | Exclude<PageOutcome, { kind: "page" | "reposition" }>;

export type AuditOutcome =
  | {
      readonly kind: "audited";
      /** What was walked, */
      readonly summaries: readonly FinalSummary[];
      readonly transactions: readonly Money[];
      readonly settlements: readonly { settlement: ListedSettlement; in_window: boolean }[];
      /** or compared, and the settlements that turned out to have money behind them. */
      readonly judgements: readonly Judgement[];
      readonly backed: readonly Pick<ListedSettlement, keyof Key>[];
      readonly next: AuditPosition;
    }
  | Exclude<PageOutcome, { kind: "page" | "reposition" }>;

export type PageOutcome =
  | {
      readonly kind: "page";
      readonly findings: readonly Finding[];
      /** By which ids its events are found again. */
      readonly names: readonly EventName[];
      /** The ids of its events. */
      readonly examined: readonly string[];
      /** The settlements that its events turned out to be recorded with. */
      readonly backed: readonly Pick<ListedSettlement, keyof Key>[];
      readonly position: ListPosition;
      readonly walked: boolean;
      readonly reached: number | null;
    }
  /** The same page again: at once, from another position; or later. */
  | { readonly kind: "reposition"; readonly position: ListPosition }
  | { readonly kind: "later"; readonly why: FailureCode; readonly retryAfterMs: number | null }
  | { readonly kind: "failed"; readonly error: FailureCode };

export type Postponed = Extract<PageOutcome, { kind: "later" }>;
