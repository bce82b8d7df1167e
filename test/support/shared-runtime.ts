import { afterAll, vi } from "vitest";
import { forgetObjects } from "./forget-objects.ts";

/**
 * Test files share a runtime, whose start takes longer than most of them. What one leaves must not act in the
 * next: no mock, no stopped clock, and no object that wakes, or shows up in a list.
 */
afterAll(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await forgetObjects();
}, 60_000);
