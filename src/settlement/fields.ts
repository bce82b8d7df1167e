/**
 * How the mapping reads an object of Stripe's: each field for itself, and only when a row needs it.
 *
 * Pure: no I/O, no clock. Never throws, whatever the field holds.
 */
import type { UnmappableReason } from "./reasons.ts";
import { MAX_AMOUNT_MINOR } from "./settlement.ts";

export type StripeObject = Readonly<Record<string, unknown>>;

export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: UnmappableReason };

/**
 * Stripe's ids are at most 255 characters, and its metadata values 500. A ledger account id is far shorter.
 */
const MAX_TEXT_LENGTH = 255;
/**
 * 9999-12-31T23:59:59Z: ISO 8601 writes later years with a sign and six
 * digits, which the ledger does not take.
 */
const MAX_UNIX_SECONDS = 253_402_300_799;

export function read<Value>(value: Value): Reading<Value> {
  return { ok: true, value };
}

export function unreadable(reason: UnmappableReason): {
  readonly ok: false;
  readonly reason: UnmappableReason;
} {
  return { ok: false, reason };
}

/** The text without blanks around it; null for anything that is blank, too long, or no text. */
export function textOf(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const trimmed = value.trim();
  return trimmed === "" || trimmed.length > MAX_TEXT_LENGTH ? null : trimmed;
}

/** A reference is the other object's id or, expanded, that object. */
export function referenceOf(value: unknown): string | null {
  return textOf(isObject(value) ? value["id"] : value);
}

/** The payment that an object belongs to: its intent, or its charge where there is none. */
export function paymentOf(object: StripeObject): string | null {
  return referenceOf(object["payment_intent"]) ?? referenceOf(object["charge"]);
}

/** The ledger account that the platform wrote on the object under `key`, if it did. */
export function accountOf(object: StripeObject, key: string): string | null {
  const metadata = object["metadata"];
  return isObject(metadata) ? textOf(metadata[key]) : null;
}

/** An integer in minor units, as Stripe sends it: never converted, never rounded. Zero included. */
export function readAmount(value: unknown): Reading<number> {
  if (value === undefined || value === null) return unreadable("amount_missing");
  if (typeof value !== "number") return unreadable("amount_not_a_number");
  if (value > MAX_AMOUNT_MINOR) return unreadable("amount_too_large");
  if (value < 0) return unreadable("amount_negative");
  if (!Number.isInteger(value)) return unreadable("amount_not_an_integer");
  return read(value);
}

/**
 * Unix seconds as ISO 8601, or undefined for what is no such time. Times only inform: an absurd one is left
 * out, and is no reason to hold money back.
 */
export function timeOf(seconds: unknown): string | undefined {
  if (typeof seconds !== "number" || !Number.isInteger(seconds)) return undefined;
  if (seconds < 0 || seconds > MAX_UNIX_SECONDS) return undefined;
  // Stripe's times have no fractions, and the record that keeps this text has no bytes to spare.
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

export function isObject(value: unknown): value is StripeObject {
  return typeof value === "object" && value !== null;
}
