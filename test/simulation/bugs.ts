/**
 * Planted bugs: each is one that somebody could write, and each must be caught. They are what the checks are checked
 * by; a check that catches none of them proves nothing.
 */
import type { Bug } from "./bug.ts";
import { COMMIT_BUGS } from "./bugs-of-commit.ts";
import { MONEY_BUGS } from "./bugs-of-money.ts";
import { WAKING_BUGS } from "./bugs-of-waking.ts";

export const BUGS: readonly Bug[] = [...COMMIT_BUGS, ...WAKING_BUGS, ...MONEY_BUGS];

export function bugNamed(name: string): Bug | null {
  return BUGS.find((bug) => bug.name === name) ?? null;
}
