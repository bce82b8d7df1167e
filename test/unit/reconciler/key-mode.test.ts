import { expect, it } from "vitest";
import { keyLivemode } from "../../../src/reconciler/key-mode.ts";

it.each([
  ["sk_test_x", false],
  ["rk_test_x", false],
  ["sk_live_x", true],
  ["rk_live_x", true],
  ["sk_org_x", null],
  ["pk_live_x", null],
  ["xsk_live_x", null],
  ["sk_livex", null],
  ["", null],
])("%j → live: %s", (key, live) => {
  expect(keyLivemode(key)).toBe(live);
});
