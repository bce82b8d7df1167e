import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { readiness, weakOperatorKeys } from "../../../src/readiness.ts";

const COMPLETE = {
  SETTLE_ENV: "production",
  STRIPE_WEBHOOK_SIGNING_SECRET: `whsec_${"s".repeat(24)}`,
  LEDGER_BASE_URL: "https://ledger.example",
  LEDGER_ADMIN_KEY: "ledger-key",
  SETTLE_ADMIN_KEY: "k".repeat(20),
};

describe("readiness", () => {
  it.each([
    ["everything", {}, [], []],
    ["all but the operators' key", { SETTLE_ADMIN_KEY: undefined }, ["SETTLE_ADMIN_KEY"], []],
    ["all but a secret", { LEDGER_ADMIN_KEY: undefined }, ["LEDGER_ADMIN_KEY"], []],
    [
      "neither",
      { LEDGER_ADMIN_KEY: undefined, SETTLE_ADMIN_KEY: "" },
      ["LEDGER_ADMIN_KEY", "SETTLE_ADMIN_KEY"],
      [],
    ],
    ["a key that production does not accept", { SETTLE_ADMIN_KEY: "admin" }, [], ["SETTLE_ADMIN_KEY"]],
    ["a read key that it does not accept", { SETTLE_READ_KEY: "read" }, [], ["SETTLE_READ_KEY"]],
    ["a wrong value", { SETTLE_ENV: "test" }, [], ["SETTLE_ENV"]],
  ])("%s → what is missing and what is invalid, by name", (_, overrides, missing, invalid) => {
    const env = Object.fromEntries(
      Object.entries({ ...COMPLETE, ...overrides }).filter(([, value]) => value !== undefined),
    );
    const configured = loadConfig(env);
    const accepted = configured.ok ? configured : { ...configured, refused: [] };
    expect(readiness(env, accepted)).toEqual({ missing, invalid });
  });
});

describe("weak operators' keys", () => {
  const [STRONG, OTHER] = ["k".repeat(22), "o".repeat(22)];

  it.each<[string, Record<string, string>, string[]]>([
    ["none", {}, []],
    ["long ones", { SETTLE_ADMIN_KEY: STRONG, SETTLE_READ_KEY: OTHER }, []],
    ["a short one", { SETTLE_ADMIN_KEY: STRONG.slice(1), SETTLE_READ_KEY: OTHER }, ["SETTLE_ADMIN_KEY"]],
    ["a short one for readers", { SETTLE_ADMIN_KEY: STRONG, SETTLE_READ_KEY: "read" }, ["SETTLE_READ_KEY"]],
    [
      "one key for both",
      { SETTLE_ADMIN_KEY: STRONG, SETTLE_READ_KEY: STRONG },
      ["SETTLE_ADMIN_KEY", "SETTLE_READ_KEY"],
    ],
  ])("%s → named", (_, env, names) => {
    expect(weakOperatorKeys(env)).toEqual(names);
  });
});
