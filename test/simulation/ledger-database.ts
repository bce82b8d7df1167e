/**
 * What the ledger stores. Each method is one statement: it is done whole, and for good, whatever becomes of the request.
 *
 * A balance is a number of its own, as in the ledger: nothing ties it to the settlements. `changes` is what the ledger
 * does not keep, and the verdict needs: which settlement really changed a balance.
 */
import type { IngestBody } from "../../scripts/sandbox/ledger/contract.ts";

export type Settlement = IngestBody & { readonly id: string; readonly latest_event_id?: string };

export interface Balance {
  readonly minor: bigint;
  readonly version: number;
}

/** One change of a balance that took place. */
export interface BalanceChange {
  /** The event whose settlement it was. */
  readonly stripeEventId: string;
  readonly accountId: string;
  readonly currency: string;
  /** Signed. */
  readonly minor: bigint;
}

/** The answer to an ingest that the ledger took. */
export interface Accepted {
  readonly settlement: Settlement;
  readonly idempotency: { readonly key: string; readonly replayed: boolean; readonly deduped: boolean };
  readonly event?: { readonly id: string };
}

export interface IdempotencyRecord {
  readonly payload: string;
  /** The whole first answer. */
  readonly answer: Accepted;
}

export class LedgerDatabase {
  readonly changes: BalanceChange[] = [];
  readonly settlements = new Map<string, Settlement>();
  readonly #balances = new Map<string, Balance>();
  readonly #idByNaturalKey = new Map<string, string>();
  readonly #idempotency = new Map<string, IdempotencyRecord>();
  #ids = 0;

  openAccount(id: string): void {
    this.#balances.set(id, { minor: 0n, version: 0 });
  }

  balance(accountId: string): Balance | undefined {
    return this.#balances.get(accountId);
  }

  /** Does nothing when the version is another one by now. The ledger does not notice. */
  updateBalance(settlement: Settlement, read: Balance, delta: bigint): void {
    const { account_id: accountId, currency, metadata } = settlement;
    if (this.#balances.get(accountId)?.version !== read.version) return;
    this.#balances.set(accountId, { minor: read.minor + delta, version: read.version + 1 });
    const stripeEventId = String(metadata["stripe_event_id"]);
    this.changes.push({ stripeEventId, accountId, currency, minor: delta });
  }

  findSettlement(externalPaymentId: string, direction: string): Settlement | undefined {
    const id = this.#idByNaturalKey.get(naturalKey(externalPaymentId, direction));
    return id === undefined ? undefined : this.settlements.get(id);
  }

  /** undefined: its natural key is taken. */
  insertSettlement(body: IngestBody): Settlement | undefined {
    const key = naturalKey(body.external_payment_id, body.direction);
    if (this.#idByNaturalKey.has(key)) return undefined;
    const settlement = { ...body, id: this.freshId("stl") };
    this.#idByNaturalKey.set(key, settlement.id);
    this.settlements.set(settlement.id, settlement);
    return settlement;
  }

  /** undefined: its status is another one by now. */
  updateStatus(id: string, from: Settlement["status"], to: IngestBody): Settlement | undefined {
    const settlement = this.settlements.get(id);
    if (settlement?.status !== from) return undefined;
    const { status, metadata } = to;
    const updated = { ...settlement, status, metadata };
    this.settlements.set(id, updated);
    return updated;
  }

  /** Only one in that status, without an event. */
  deleteSettlement(id: string, status: Settlement["status"]): void {
    const settlement = this.settlements.get(id);
    if (settlement?.status !== status || settlement.latest_event_id !== undefined) return;
    this.settlements.delete(id);
    this.#idByNaturalKey.delete(naturalKey(settlement.external_payment_id, settlement.direction));
  }

  updateLatestEventId(id: string, latest_event_id: string): void {
    const settlement = this.settlements.get(id);
    if (settlement !== undefined) this.settlements.set(id, { ...settlement, latest_event_id });
  }

  idempotencyRecord(key: string): IdempotencyRecord | undefined {
    return this.#idempotency.get(key);
  }

  /** False: the key is taken. */
  insertIdempotencyRecord(key: string, record: IdempotencyRecord): boolean {
    if (this.#idempotency.has(key)) return false;
    this.#idempotency.set(key, record);
    return true;
  }

  /** All answers that name a settlement of this natural key. */
  deleteIdempotencyRecords(externalPaymentId: string, direction: string): void {
    for (const [key, { answer }] of this.#idempotency) {
      const { settlement } = answer;
      if (settlement.external_payment_id !== externalPaymentId || settlement.direction !== direction)
        continue;
      this.#idempotency.delete(key);
    }
  }

  freshId(prefix: string): string {
    return `${prefix}_${++this.#ids}`;
  }
}

function naturalKey(externalPaymentId: string, direction: string): string {
  return `${direction} ${externalPaymentId}`;
}
