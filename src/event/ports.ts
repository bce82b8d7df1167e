/** What the engine needs of the world, and what each port promises. Types only. */
import type { ClosedMovement } from "../ledger/port.ts";
import type { LaneRequest } from "../ledger/lane.ts";
import type { LedgerReader, SettleOutcome } from "../ledger/port.ts";
import type { LogLevel, LogLine } from "../log.ts";
import type { Settlement } from "../settlement/settlement.ts";
import type { StripeLookups } from "../stripe-api/port.ts";
import type { EventRecord } from "./record.ts";
import type { EventSummary } from "../event-index/event-summary.ts";

/** The object's storage. Both writes are synchronous: two without an `await` between them commit together. */
export interface Store {
  /** Throws when what is stored is not a record that this version understands. */
  load(): EventRecord | null;
  save(record: EventRecord): void;
  /** Everything, the alarm included. */
  erase(): Promise<void>;
}

/** The object's only alarm. At least once; it may be late. `set` commits with the `save` of the same turn. */
export interface Alarm {
  get(): Promise<number | null>;
  set(at: number): void;
  clear(): void;
}

/**
 * Mirrors events for operators. Idempotent, and never lets an older
 * revision win. May reject: it is asked again.
 */
export interface Index {
  publish(summary: EventSummary): Promise<void>;
}

export interface LedgerPort extends LedgerReader {
  /** Sends the settlement in its account's lane. Never rejects. */
  settle(settlement: Settlement, request: LaneRequest): Promise<SettleOutcome>;
  /**
   * From now on no other event of this movement is sent; or it may be again. False: that
   * could not be recorded. Never rejects.
   */
  setMovementResolved(movement: ClosedMovement, isResolved: boolean): Promise<boolean>;
}

export interface Ports {
  readonly store: Store;
  readonly alarm: Alarm;
  readonly ledger: LedgerPort;
  /** null: there is no key for Stripe's API. */
  readonly stripe: StripeLookups | null;
  readonly index: Index;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: (level: LogLevel, line: LogLine) => void;
  /** Goes on after the answer. The work handles its own errors. */
  readonly background: (work: Promise<void>) => void;
}
