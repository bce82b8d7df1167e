import { describe, expect, it } from "vitest";
import { type Config, loadConfig } from "../../../../src/config.ts";
import {
  changesOf,
  refusalText,
  SETTING_NAMES,
  valuesOf,
} from "../../../../src/stored-settings/setting-rules.ts";
import { pinned, type Settings } from "../../../../src/stored-settings/settings-record.ts";

const SECRETS = {
  STRIPE_WEBHOOK_SIGNING_SECRET: "whsec_the_signing_secret_of_production",
  LEDGER_ADMIN_KEY: "the-ledger-key",
  SETTLE_ADMIN_KEY: "the-admin-key-of-operators",
  SETTLE_READ_KEY: "the-read-key-of-operators",
  STRIPE_API_KEY: "rk_live_the_api_key",
  ALERT_WEBHOOK_URL: "https://chat.example/the-secret-path",
  HEARTBEAT_URL: "https://beat.example/another-secret-path",
};
const BEFORE = { SETTLE_ENV: "staging", LEDGER_BASE_URL: "https://ledger.example/v2/", ...SECRETS };

function configOf(changes: Record<string, unknown> = {}): Config {
  const configured = loadConfig({ ...BEFORE, ...changes });
  if (!configured.ok) throw new Error(configured.invalid.join());
  return configured.config;
}

const binding = { fetch: () => Promise.resolve(new Response()) };
const stored = (config = configOf()) => pinned({}, valuesOf(config), 1);
const judged = (changes: Record<string, unknown>, before: Settings = stored()) =>
  changesOf(configOf(changes), before);

it("what is stored, as text", () => {
  expect(valuesOf(configOf())).toEqual({
    DATA_JURISDICTION: "none",
    SETTLE_ENV: "staging",
    EVENT_INDEX_SHARDS: "8",
    LEDGER_BASE_URL: "https://ledger.example/v2",
    LEDGER_CURRENCIES: "USD",
    EVENT_RETENTION_DAYS: "30",
    STRIPE_ACCOUNT_METADATA_KEY: "account_id",
  });
});

it("no secret is among it", () => {
  const text = JSON.stringify(valuesOf(configOf()));
  for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret);
  expect(SETTING_NAMES.filter((name) => name in SECRETS)).toEqual([]);
});

describe("nothing has changed", () => {
  it.each<[string, Record<string, unknown>]>([
    ["the same settings", {}],
    ["the address without its last slash", { LEDGER_BASE_URL: "https://LEDGER.example:443/v2" }],
    ["secrets", { LEDGER_ADMIN_KEY: "another", STRIPE_API_KEY: "rk_live_another" }],
  ])("%s → no change", (_, changes) => {
    expect(judged(changes)).toEqual([]);
  });

  it("the same currencies in another order → no change", () => {
    const before = stored(configOf({ LEDGER_CURRENCIES: "USD,EUR" }));
    expect(judged({ LEDGER_CURRENCIES: "EUR,USD" }, before)).toEqual([]);
  });

  it("another port of this machine → no change: it is a developer's ledger", () => {
    const before = stored(configOf({ LEDGER_BASE_URL: "http://127.0.0.1:8788" }));
    expect(judged({ LEDGER_BASE_URL: "http://localhost:9000" }, before)).toEqual([]);
  });

  it("a setting that an earlier version did not store → no change", () => {
    const { EVENT_RETENTION_DAYS: _, ...before } = stored();
    expect(judged({ EVENT_RETENTION_DAYS: "7" }, before)).toEqual([]);
  });
});

describe("a change", () => {
  it.each<[string, string, string, string, string]>([
    ["DATA_JURISDICTION", "eu", "none", "eu", "refused"],
    ["SETTLE_ENV", "production", "staging", "production", "refused"],
    ["EVENT_INDEX_SHARDS", "7", "8", "7", "refused"],
    ["EVENT_INDEX_SHARDS", "12", "8", "12", "taken"],
    ["LEDGER_CURRENCIES", "USD,EUR", "USD", "EUR,USD", "taken"],
    ["LEDGER_CURRENCIES", "EUR", "USD", "EUR", "taken"],
    ["EVENT_RETENTION_DAYS", "7", "30", "7", "taken"],
    ["EVENT_RETENTION_DAYS", "90", "30", "90", "taken"],
    ["STRIPE_ACCOUNT_METADATA_KEY", "customer", "account_id", "customer", "taken"],
    [
      "LEDGER_BASE_URL",
      "https://other.example",
      "https://ledger.example/v2",
      "https://other.example",
      "unconfirmed",
    ],
    [
      "LEDGER_BASE_URL",
      "https://ledger.example/v3",
      "https://ledger.example/v2",
      "https://ledger.example/v3",
      "unconfirmed",
    ],
  ])("%s=%s: from %s to %s → %s", (name, value, from, to, verdict) => {
    expect(judged({ [name]: value })).toEqual([{ name, from, to, verdict }]);
  });

  it("every setting with a rule has a case above", () => {
    const changes = {
      DATA_JURISDICTION: "us",
      SETTLE_ENV: "production",
      EVENT_INDEX_SHARDS: "9",
      LEDGER_BASE_URL: "https://other.example",
      LEDGER_CURRENCIES: "EUR",
      EVENT_RETENTION_DAYS: "7",
      STRIPE_ACCOUNT_METADATA_KEY: "customer",
    };
    expect(judged(changes).map(({ name }) => name)).toEqual(SETTING_NAMES);
  });

  it("from one jurisdiction to another, or to none → refused", () => {
    const before = stored(configOf({ DATA_JURISDICTION: "eu" }));
    expect(judged({ DATA_JURISDICTION: "us" }, before)).toMatchObject([{ verdict: "refused" }]);
    expect(judged({}, before)).toMatchObject([{ from: "eu", to: "none", verdict: "refused" }]);
  });

  it("9 shards after 12 and 8 → refused, by number and not by text", () => {
    const before = stored(configOf({ EVENT_INDEX_SHARDS: "12" }));
    expect(judged({ EVENT_INDEX_SHARDS: "9" }, before)).toMatchObject([{ verdict: "refused" }]);
  });

  it("back to an address of before → taken: it was confirmed to be the same ledger", () => {
    const before = {
      ...stored(),
      LEDGER_BASE_URL: {
        value: "https://new.example",
        since: 2,
        earlier: [{ value: "https://ledger.example/v2", until: 2 }],
      },
    };
    expect(judged({}, before)).toMatchObject([{ verdict: "taken" }]);
    expect(judged({ LEDGER_BASE_URL: "https://other.example" }, before)).toMatchObject([
      { verdict: "unconfirmed" },
    ]);
  });

  it("from an address to a service binding → unconfirmed", () => {
    expect(judged({ LEDGER: binding })).toMatchObject([
      { name: "LEDGER_BASE_URL", to: "service binding LEDGER", verdict: "unconfirmed" },
    ]);
  });
});

describe("what an operator reads", () => {
  it.each<[Record<string, string>, string]>([
    [{ DATA_JURISDICTION: "eu" }, 'DATA_JURISDICTION: fixed as "none", now it is "eu". Set it back.'],
    [
      { LEDGER_BASE_URL: "https://other.example" },
      'LEDGER_BASE_URL: fixed as "https://ledger.example/v2", now it is "https://other.example". Set it back, or confirm that it is the same ledger.',
    ],
  ])("%o → %s", (changes, text) => {
    expect(judged(changes).map(refusalText)).toEqual([text]);
  });
});
