/**
 * Planted bugs: each is one that somebody could write, and each must be caught. They are what the checks are
 * checked by; a check that catches none of them proves nothing.
 */
import type { Bug } from "./bug.ts";
import { COMMIT_BUGS } from "./commit-bugs.ts";
import { LANE_BUGS } from "./lane-bugs.ts";
import { MAPPING_BUGS } from "./mapping-bugs.ts";
import { MONEY_BUGS } from "./money-bugs.ts";
import { WAKING_BUGS } from "./waking-bugs.ts";

export const BUGS: readonly Bug[] = [
  ...COMMIT_BUGS,
  ...WAKING_BUGS,
  ...MONEY_BUGS,
  ...MAPPING_BUGS,
  ...LANE_BUGS,
];

export function bugNamed(name: string): Bug | null {
  return BUGS.find((bug) => bug.name === name) ?? null;
}
