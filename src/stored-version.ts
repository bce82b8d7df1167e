/**
 * How what is stored carries its version, and how every version of it is read: an older one is brought up
 * step by step, a later one is refused, so that no code writes over what it does not understand.
 * docs/decisions/0015 says how to change what is stored.
 *
 * Pure: no I/O, no clock.
 */
import type { z } from "zod";

/** Brings what was stored in one version to the next. */
type Upgrade = (stored: never) => unknown;

export interface StoredFormat<Value> {
  readonly version: number;
  /** Throws on what is of a later version, or of none. */
  parse(stored: unknown): Value;
  /** `v` beside the fields: they are those of the schema, or leave out what holds its default. */
  stamp(fields: object): object;
}

/**
 * The nth step brings version n to version n + 1, so that there are as many versions as steps, and
 * version 0 is what was stored without one.
 */
export function storedFormat<Schema extends z.ZodType>(
  what: string,
  schema: Schema,
  upgrades: readonly Upgrade[],
): StoredFormat<z.infer<Schema>> {
  const version = upgrades.length;
  return {
    version,
    parse(stored) {
      const { v, ...fields } = (stored ?? {}) as { v?: unknown };
      const from = v === undefined ? 0 : v;
      if (typeof from !== "number" || !Number.isInteger(from) || from < 0 || from > version) {
        throw new Error(`a ${what} of version ${String(v)}; this code knows ${version}`);
      }
      let value: unknown = v === undefined ? (stored ?? {}) : fields;
      for (const upgrade of upgrades.slice(from)) value = upgrade(value as never);
      return schema.parse(value);
    },
    stamp: (fields) => ({ v: version, ...fields }),
  };
}
