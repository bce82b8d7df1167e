/**
 * What an event's object stores of a record, and how every version of it is read.
 *
 * A stored record carries its version. Reading brings an older one up step by step; what a later version wrote is
 * refused, so that this code never overwrites what it does not understand: after a rollback such an event answers 503,
 * and waits. docs/decisions/0015 says how to add a field.
 *
 * Pure: no I/O, no clock.
 */
import { type EventRecord, recordSchema } from "./record.ts";
import { withQuestion } from "./with-question.ts";

/** 0: stored without a version, by 1.0.0. */
export const RECORD_VERSION = 1;

/** The nth brings a record of version n to version n + 1. */
const UPGRADES: readonly ((stored: object) => object)[] = [withQuestion];

/** With the fields left out that hold their default: {@link parseRecord} puts them back. */
export function toStored(record: EventRecord): object {
  const { account, deliveries, secret, conflict, actions, ...rest } = record;
  return {
    v: RECORD_VERSION,
    ...rest,
    ...(account !== null && { account }),
    ...(deliveries !== 1 && { deliveries }),
    ...(secret !== 0 && { secret }),
    ...(conflict !== null && { conflict }),
    ...(actions.length > 0 && { actions }),
  };
}

/** Throws on what is no record, or one of a later version. */
export function parseRecord(stored: unknown): EventRecord {
  const { v: version = 0, ...fields } = (stored ?? {}) as { v?: unknown };
  if (typeof version !== "number" || !Number.isInteger(version) || version < 0 || version > RECORD_VERSION) {
    throw new Error(`a record of version ${String(version)}; this code knows ${RECORD_VERSION}`);
  }
  let record: object = fields;
  for (const upgrade of UPGRADES.slice(version)) record = upgrade(record);
  return recordSchema.parse(record);
}
