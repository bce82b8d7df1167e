/**
 * What Stripe keeps of an account: its events, its balance transactions, and its objects as they are now. Its
 * acts (`StripeAccount`, `Payment`, `Refund`, …) write here. Deterministic: ids come from the random source,
 * times from `now`.
 */
import { STRIPE_API_VERSION } from "../../../src/stripe/api-version.ts";
import { SECOND } from "../../lib/durations.ts";
import type { Random } from "../../lib/random.ts";
import { stripeEvent, type StripeEventBody } from "../events/stripe-events.ts";
import type { StripeObject } from "../events/stripe-objects.ts";
import type { BalanceTransaction, Movement } from "./balance-transaction.ts";
import { balanceTransaction } from "./balance-transaction.ts";

export interface StripeAccountOptions {
  readonly random: Random;
  /** Epoch ms. */
  readonly now: number;
  /** The endpoint's: which events it gets, and how they are rendered. */
  readonly apiVersion?: string;
  /** Of the requests that capture and cancel payments, if it is not the endpoint's. */
  readonly requestVersion?: string;
  /** The account is a connected one, with this id. */
  readonly account?: string;
  /** Whether clawsettle is configured to settle the connected account's events. Default: yes. */
  readonly isListed?: boolean;
}

/** Stripe sends `refund.*` of every refund since then, before only of those without a charge. */
const REFUND_EVENTS_SINCE = "2024-10-28";
/** Requests of this version and later make no refund of what an authorization releases. */
const BASIL = "2025-03-31";
const ID_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const TAG_LENGTH = 10;

export class Books {
  readonly events: StripeEventBody[] = [];
  readonly transactions: BalanceTransaction[] = [];
  /** The ledger account that each payment (`pi_…`, or `ch_…` without an intent) named when it was paid. */
  readonly owners = new Map<string, string | null>();
  readonly account: string | null;
  readonly isListed: boolean;
  readonly apiVersion: string;
  /** Epoch ms. */
  now: number;
  readonly #requestVersion: string;
  readonly #objects = new Map<string, StripeObject>();
  /** In every id, so that two accounts share none. */
  readonly #tag: string;
  #ids = 0;

  constructor(options: StripeAccountOptions) {
    this.now = options.now;
    this.account = options.account ?? null;
    this.isListed = options.isListed ?? true;
    this.apiVersion = options.apiVersion ?? STRIPE_API_VERSION;
    this.#requestVersion = options.requestVersion ?? this.apiVersion;
    this.#tag = Array.from({ length: TAG_LENGTH }, () => options.random.pick([...ID_LETTERS])).join("");
  }

  /** What Stripe's API would answer now. `_account` beside the object's own fields says whose it is. */
  get objects(): StripeObject[] {
    const owned = this.account === null ? {} : { _account: this.account };
    return [...this.#objects.values(), ...this.transactions].map((object: StripeObject) =>
      Object.assign({}, object, this.#expansions(object), owned),
    );
  }

  /** Unix seconds. */
  get seconds(): number {
    return Math.floor(this.now / SECOND);
  }

  get sendsRefundEvents(): boolean {
    return this.apiVersion >= REFUND_EVENTS_SINCE;
  }

  /** An authorization that is given up, or captured in part, makes a refund of what it releases. */
  get releasesByRefund(): boolean {
    return this.#requestVersion < BASIL;
  }

  get rendersInvoices(): boolean {
    return this.apiVersion < BASIL;
  }

  later(ms: number): this {
    this.now += ms;
    return this;
  }

  id(prefix: string): string {
    this.#ids += 1;
    return `${prefix}_${this.#tag}${String(this.#ids).padStart(6, "0")}`;
  }

  /** What every new object has; a refund leaves `livemode` out. */
  newObject(prefix: string) {
    return { id: this.id(prefix), created: this.seconds, livemode: false };
  }

  put(object: StripeObject): string {
    const id = String(object["id"]);
    this.#objects.set(id, object);
    return id;
  }

  object(id: string): StripeObject {
    const object = this.#objects.get(id);
    if (object === undefined) throw new Error(`no object ${id}`);
    return object;
  }

  /** Gives what the changed fields were before, as an event's `previous_attributes`. */
  change(id: string, changes: StripeObject): StripeObject {
    const before = this.object(id);
    this.put({ ...before, ...changes });
    const changed = Object.keys(changes).filter((key) => before[key] !== changes[key]);
    return Object.fromEntries(changed.map((key) => [key, before[key] ?? null]));
  }

  /** An event about the object as it is now. */
  emit(type: string, id: string, before: StripeObject | null = null): StripeEventBody {
    const body = stripeEvent(type, this.object(id), {
      id: this.id("evt"),
      api_version: this.apiVersion,
      created: this.seconds,
      ...(this.account !== null && { account: this.account }),
      ...(before !== null && { previous_attributes: before }),
    });
    this.events.push(body);
    return body;
  }

  /** The balance changes. Gives the transaction. */
  move(movement: Movement): BalanceTransaction {
    const transaction = balanceTransaction(movement, { id: this.id("txn"), created: this.seconds });
    this.transactions.push(transaction);
    return transaction;
  }

  /** The newest event of the type. */
  lastEvent(type: string): StripeEventBody {
    const event = this.events.findLast((body) => body.type === type);
    if (event === undefined) throw new Error(`no event ${type}`);
    return event;
  }

  /** Stripe makes a second event of the same change: another id, the same object. */
  twin(event: StripeEventBody, secondsLater = 0): StripeEventBody {
    const twin = { ...event, id: this.id("evt"), created: event.created + secondsLater };
    this.events.splice(this.events.indexOf(event) + 1, 0, twin);
    return twin;
  }

  /** Stripe delivers this event after all others so far. */
  deliverLast(event: StripeEventBody): void {
    this.events.push(...this.events.splice(this.events.indexOf(event), 1));
  }

  /** Whoever asks for an invoice's payments has the invoice with it. */
  #expansions(object: StripeObject): StripeObject {
    if (object["object"] !== "invoice_payment") return {};
    return { invoice: this.object(String(object["invoice"])) };
  }
}
