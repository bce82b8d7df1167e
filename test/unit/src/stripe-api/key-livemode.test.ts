import { expect, it } from "vitest";
import { keyLivemode } from "../../../../src/stripe-api/key-livemode.ts";

it.each([
  ["sk_live_x", true],
  ["rk_live_x", true],
  ["sk_test_x", false],
  ["rk_test_x", false],
  ["pk_live_x", null],
  ["whsec_sk_live_x", null],
  ["sk_live", null],
  ["sk_other_x", null],
  ["key", null],
  ["", null],
])("the key %s → livemode %s", (key, livemode) => {
  expect(keyLivemode(key)).toBe(livemode);
});
