/**
 * What the ledger's statements need of a store. Each call is one statement: nothing
 * comes in between its reads and writes.
 */
import type { Accepted, LedgerEventType, NaturalKey, Settlement, Status } from "./contract.ts";

export interface Account {
  readonly id: string;
  readonly did: string;
  readonly created_at: string;
}

/** One change of a balance. Entries are only ever added; a balance is their sum. */
export interface JournalEntry {
  readonly account_id: string;
  readonly currency: string;
  readonly settlement_id: string;
  /** With the settlement's id this is unique: no settlement has one effect twice. */
  readonly event_type: LedgerEventType;
  /** Signed, in minor units. */
  readonly delta_minor: bigint;
  readonly at: string;
}

/** The ledger's own record of an effect. It is a row of its own, and the balance does not depend on it. */
export interface LedgerEvent {
  readonly id: string;
  readonly settlement_id: string;
  readonly event_type: LedgerEventType;
  readonly event_hash: string;
  readonly created_at: string;
}

/** A first answer, kept for replays of its idempotency key. */
export interface StoredAnswer {
  readonly fingerprint: string;
  readonly body: Accepted;
}

export interface LedgerStore {
  findAccount(id: string): Account | undefined;
  findSettlement(key: NaturalKey): Settlement | undefined;
  settlement(id: string): Settlement | undefined;
  /** False when there is one with this natural key already. */
  insertSettlement(settlement: Settlement): boolean;
  /** Only where the status still is `from`, else false. `latest_event_id` stays as it is in the store. */
  updateSettlement(settlement: Settlement, from: Status): boolean;
  /** Only where the status still is this one, and no ledger event is named. */
  deleteSettlement(id: string, status: Status): void;
  setLatestEvent(settlementId: string, eventId: string, at: string): void;
  /** Of one currency, or of all together. The version counts the changes of the account's balance. */
  balance(
    accountId: string,
    currency: string | null,
  ): { readonly available: bigint; readonly version: number };
  /**
   * Only where the account's balance still has this version; else nothing
   * happens, and the caller does not learn it.
   */
  appendEntry(entry: JournalEntry, version: number): void;
  insertEvent(event: LedgerEvent): void;
  findAnswer(idempotencyKey: string): StoredAnswer | undefined;
  /** Gives the answer that another request has stored under this key meanwhile. */
  insertAnswer(idempotencyKey: string, answer: StoredAnswer): "stored" | "settlement_gone" | StoredAnswer;
}
