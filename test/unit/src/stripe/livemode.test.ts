/** The environment policy: each mode in each environment. */
import { expect, test } from "vitest";
import { checkLivemode, type LivemodePolicy } from "../../../../src/stripe/livemode.ts";

const staging = { settleEnv: "staging", allowTestmodeEventsInProd: false } as const;
const production = { settleEnv: "production", allowTestmodeEventsInProd: false } as const;
const allowing = { allowTestmodeEventsInProd: true };

test.each([
  ["staging", false, staging],
  ["production", true, production],
  ["production that allows test mode", true, { ...production, ...allowing }],
  ["production that allows test mode", false, { ...production, ...allowing }],
] as const)("%s + livemode %s → fits", (_, livemode, policy) => {
  expect(checkLivemode(livemode, policy)).toEqual({ kind: "fits", livemode });
});

test.each([
  ["staging", true, staging],
  ["staging, whatever production allows", true, { ...staging, ...allowing }],
  ["staging", null, staging],
  ["production", false, production],
  ["production", null, production],
  ["production that allows test mode", null, { ...production, ...allowing }],
] as const)("%s + livemode %s → refused", (_, event_livemode, policy) => {
  expect(checkLivemode(event_livemode, policy)).toEqual({
    kind: "refused",
    settle_env: policy.settleEnv,
    expected_livemode: policy.settleEnv === "production",
    event_livemode,
  });
});

test.each([undefined, "", "prod", "Production", "staging "])(
  "an environment %j + any mode → refused",
  (settleEnv) => {
    const policy = { settleEnv, ...allowing } as unknown as LivemodePolicy;
    for (const livemode of [true, false, null]) expect(checkLivemode(livemode, policy).kind).toBe("refused");
  },
);
