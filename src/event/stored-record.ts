/** What an event's object stores of a record. Pure: no I/O, no clock. */
import { storedFormat } from "../stored-version.ts";
import { type EventRecord, recordSchema } from "./record.ts";
import { withQuestion } from "./with-question.ts";

/** Version 0 is 1.0.0's. */
const format = storedFormat("record", recordSchema, [withQuestion]);

export const RECORD_VERSION = format.version;

/** Throws on what is no record, or one of a later version. */
export const parseRecord: (stored: unknown) => EventRecord = format.parse;

/** With the fields left out that hold their default: {@link parseRecord} puts them back. */
export function toStored(record: EventRecord): object {
  const { account, deliveries, secret, conflict, actions, ...rest } = record;
  return format.stamp({
    ...rest,
    ...(account !== null && { account }),
    ...(deliveries !== 1 && { deliveries }),
    ...(secret !== 0 && { secret }),
    ...(conflict !== null && { conflict }),
    ...(actions.length > 0 && { actions }),
  });
}
