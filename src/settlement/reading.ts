/**
 * How the mapping reads an object of Stripe's: each field for itself, and only when a row needs it.
 *
 * Pure: no I/O, no clock. Never throws, whatever the field holds.
 */
import type { UnmappableReason } from "./settlement.ts";

export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: UnmappableReason };

/** Stripe's ids are at most 255 characters, and its metadata values 500. A ledger account id is far shorter. */
const MAX_TEXT_LENGTH = 255;
/** 9999-12-31T23:59:59Z: ISO 8601 writes later years with a sign and six digits, which the ledger does not take. */
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

/** The ledger account that the platform wrote on the object, if it did. */
export function accountOf(object: Readonly<Record<string, unknown>>): string | null {
  const metadata = object["metadata"];
  return isObject(metadata) ? textOf(metadata["account_id"]) : null;
}

/**
 * Unix seconds as ISO 8601, or undefined for what is no such time. Times only inform: an absurd one is left out,
 * and is no reason to hold money back.
 */
export function timeOf(seconds: unknown): string | undefined {
  if (typeof seconds !== "number" || !Number.isInteger(seconds)) return undefined;
  if (seconds < 0 || seconds > MAX_UNIX_SECONDS) return undefined;
  // Stripe's times have no fractions, and the record that keeps this text has no bytes to spare.
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
