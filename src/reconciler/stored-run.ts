/** A run's document as it is stored. Pure. */
import { storedFormat } from "../stored-version.ts";
import { type Run, runSchema } from "./run.ts";
import { type GapOf1_0_0, renamedGap } from "./watermark.ts";

/** As 1.0.0 stored it. */
interface RunOf1_0_0 {
  readonly refund_events: string;
  readonly gap: GapOf1_0_0 | null;
}

function ofVersion1(stored: RunOf1_0_0): object {
  const { refund_events: _, gap, ...run } = stored;
  return { ...run, gap: gap === null ? null : renamedGap(gap) };
}

/** Version 0 is 1.0.0's. */
const format = storedFormat("run", runSchema, [ofVersion1]);

export const RUN_VERSION = format.version;

/** A run that a later version stored: what is known of it stands in columns of its own. */
export interface UnreadableRun {
  readonly status: "unreadable";
  readonly id: string;
  /** null: it is not over. */
  readonly finished_at: number | null;
}

/** Throws on what is no run, or one of a later version. */
export function parseRun(document: string): Run {
  return format.parse(JSON.parse(document));
}

export function storedRun(run: Run): string {
  return JSON.stringify(format.stamp(run));
}
