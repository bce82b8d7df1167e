/**
 * Everything that is stored with a version: how it is written and read, and examples of all that it can be.
 */
import { deserialize, serialize } from "node:v8";
import type { EventRecord } from "../../src/event/record.ts";
import { parseRecord, RECORD_VERSION, toStored } from "../../src/event/stored-record.ts";
import { closedMovement, laneMark } from "../../src/ledger/lane-notes.ts";
import { storedAccount } from "../../src/reconciler/pinned-account.ts";
import type { Run } from "../../src/reconciler/run.ts";
import { parseRun, RUN_VERSION, storedRun } from "../../src/reconciler/stored-run.ts";
import { storedWatermark } from "../../src/reconciler/watermark.ts";
import { storedBounds } from "../../src/reconciler/window.ts";
import { storedSettings } from "../../src/stored-settings/settings-record.ts";
import type { StoredFormat } from "../../src/stored-version.ts";
import { RECORDS } from "./event-records/examples.ts";
import { RUNS } from "./runs/examples.ts";
import { ACCOUNTS, BOUNDS, CLOSED_MOVEMENTS, LANE_MARKS, SETTINGS, WATERMARKS } from "./small-examples.ts";

export interface Store<Value = unknown> {
  readonly version: number;
  readonly examples: Readonly<Record<string, () => Value>>;
  readonly toStored: (value: Value) => unknown;
  /** Throws on what is of a later version. */
  readonly parse: (stored: unknown) => Value;
  /** What is stored as the storage has it, in text. */
  readonly encode: (stored: unknown) => string;
  readonly decode: (text: string) => unknown;
}

/** Key-value storage keeps values as V8 serializes them. */
const IN_KV = {
  encode: (stored: unknown) => serialize(stored).toString("base64"),
  decode: (text: string): unknown => deserialize(Buffer.from(text, "base64")),
};

/** By the folder of its corpus. */
export const STORES = {
  "event-records": {
    version: RECORD_VERSION,
    examples: RECORDS,
    toStored,
    parse: parseRecord,
    ...IN_KV,
  } satisfies Store<EventRecord>,
  runs: {
    version: RUN_VERSION,
    examples: RUNS,
    toStored: (run) => JSON.parse(storedRun(run)) as unknown,
    parse: (stored) => parseRun(JSON.stringify(stored)),
    encode: JSON.stringify,
    decode: JSON.parse,
  } satisfies Store<Run>,
  watermarks: inKv(storedWatermark, WATERMARKS),
  bounds: inKv(storedBounds, BOUNDS),
  "pinned-accounts": inKv(storedAccount, ACCOUNTS),
  "lane-marks": inKv(laneMark, LANE_MARKS),
  "closed-movements": inKv(closedMovement, CLOSED_MOVEMENTS),
  settings: inKv(storedSettings, SETTINGS),
} as const;

function inKv<Value extends object>(
  { version, parse, stamp }: StoredFormat<Value>,
  examples: Readonly<Record<string, () => Value>>,
): Store<Value> {
  return { version, examples, toStored: stamp, parse, ...IN_KV };
}
