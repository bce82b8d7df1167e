import { describe, expect, it } from "vitest";
import {
  type Config,
  type ConfigResult,
  ledgerBinding,
  loadConfig,
  operatorKeys,
} from "../../../src/config.ts";

/** As short as production accepts them. */
const SIGNING_SECRET = `whsec_${"s".repeat(24)}`;
const OPERATOR_KEY = "k".repeat(20);

const COMPLETE = {
  SETTLE_ENV: "production",
  STRIPE_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET,
  LEDGER_BASE_URL: "https://ledger.example",
  LEDGER_ADMIN_KEY: "ledger-key",
};

const binding = { fetch: () => Promise.resolve(new Response()) } as unknown as Fetcher;

/** A value that is undefined is a variable that is not there. */
function load(changes: Record<string, unknown> = {}): ConfigResult {
  const merged = Object.entries({ ...COMPLETE, ...changes });
  return loadConfig(Object.fromEntries(merged.filter(([, value]) => value !== undefined)));
}

function loaded(changes: Record<string, unknown> = {}): Config {
  const result = load(changes);
  if (!result.ok) throw new Error(`missing ${result.missing.join()}; invalid ${result.invalid.join()}`);
  return result.config;
}

const missing = (...names: string[]) => ({ ok: false, missing: names, invalid: [] });
const invalid = (...names: string[]) => ({ ok: false, missing: [], invalid: names });

describe("the least that is needed → the contract's defaults for the rest", () => {
  it("production", () => {
    expect(loaded()).toEqual({
      settleEnv: "production",
      jurisdiction: null,
      allowTestmodeEventsInProd: false,
      signingSecrets: [SIGNING_SECRET],
      signatureToleranceSeconds: 300,
      webhookBodyMaxBytes: 262_144,
      accountKey: "account_id",
      connectedAccounts: new Set(),
      ledger: {
        baseUrl: "https://ledger.example",
        address: "https://ledger.example",
        adminKey: "ledger-key",
        timeoutMs: 10_000,
        currencies: ["USD"],
        accountConcurrency: 1,
        quietMs: 30_000,
      },
      stripeApi: null,
      retryBaseMs: 15_000,
      retryMaxMs: 3_600_000,
      retryHorizonMs: 72 * 3_600_000,
      retentionMs: 30 * 86_400_000,
      indexShards: 8,
      alerts: null,
      heartbeatUrl: null,
    });
  });

  it("an empty text is no value: a variable that was cleared falls back to its default", () => {
    const empty = {
      STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD: "",
      STRIPE_SIGNATURE_TOLERANCE_SECONDS: "",
      STRIPE_REFUND_EVENTS: "",
      WEBHOOK_BODY_MAX_KIB: "",
      HEARTBEAT_URL: "",
      STRIPE_ACCOUNT_METADATA_KEY: "",
      STRIPE_CONNECTED_ACCOUNTS: "",
      LEDGER_TIMEOUT_MS: "",
      FORWARDING_RETRY_BASE_SECONDS: "",
      FORWARDING_RETRY_MAX_SECONDS: "",
      FORWARDING_RETRY_HORIZON_HOURS: "",
      EVENT_RETENTION_DAYS: "",
      EVENT_INDEX_SHARDS: "",
      ALERT_WEBHOOK_URL: "",
      ALERT_OPEN_AGE_MINUTES: "",
    };
    expect(loaded(empty)).toEqual(loaded());
  });

  it("what it does not know is left alone", () => {
    expect(loaded({ STRIPE_EVENT: {}, SOMETHING_ELSE: 1 })).toEqual(loaded());
  });
});

describe("each variable, set", () => {
  it.each([
    [{ SETTLE_ENV: "staging" }, { settleEnv: "staging" }],
    [{ STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD: "true" }, { allowTestmodeEventsInProd: true }],
    [{ STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD: "false" }, { allowTestmodeEventsInProd: false }],
    [{ STRIPE_SIGNATURE_TOLERANCE_SECONDS: "60" }, { signatureToleranceSeconds: 60 }],
    // wrangler.toml hands numbers and booleans on as they stand there.
    [{ STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD: true }, { allowTestmodeEventsInProd: true }],
    [{ STRIPE_SIGNATURE_TOLERANCE_SECONDS: 60 }, { signatureToleranceSeconds: 60 }],
    [{ STRIPE_SIGNATURE_TOLERANCE_SECONDS: " 60 " }, { signatureToleranceSeconds: 60 }],
    [{ STRIPE_ACCOUNT_METADATA_KEY: " wallet_id\n" }, { accountKey: "wallet_id" }],
    [{ STRIPE_ACCOUNT_METADATA_KEY: "k".repeat(40) }, { accountKey: "k".repeat(40) }],
    [{ STRIPE_CONNECTED_ACCOUNTS: "acct_1" }, { connectedAccounts: new Set(["acct_1"]) }],
    [
      { STRIPE_CONNECTED_ACCOUNTS: " acct_1,acct_2 ,," },
      { connectedAccounts: new Set(["acct_1", "acct_2"]) },
    ],
    [{ WEBHOOK_BODY_MAX_KIB: "1" }, { webhookBodyMaxBytes: 1_024 }],
    [{ WEBHOOK_BODY_MAX_KIB: "1024" }, { webhookBodyMaxBytes: 1_048_576 }],
    [{ HEARTBEAT_URL: "https://beat.example/ping/x?y" }, { heartbeatUrl: "https://beat.example/ping/x?y" }],
    [{ HEARTBEAT_URL: "http://127.0.0.1:9/x" }, { heartbeatUrl: "http://127.0.0.1:9/x" }],
    [{ FORWARDING_RETRY_BASE_SECONDS: "2" }, { retryBaseMs: 2_000 }],
    [{ FORWARDING_RETRY_MAX_SECONDS: "60" }, { retryMaxMs: 60_000 }],
    [{ FORWARDING_RETRY_HORIZON_HOURS: "1" }, { retryHorizonMs: 3_600_000 }],
    [{ EVENT_RETENTION_DAYS: "90" }, { retentionMs: 90 * 86_400_000 }],
    [{ EVENT_INDEX_SHARDS: "1" }, { indexShards: 1 }],
    [{ DATA_JURISDICTION: "eu" }, { jurisdiction: "eu" }],
    [{ DATA_JURISDICTION: "" }, { jurisdiction: null }],
  ])("%o → %o", (changes, config) => {
    expect(loaded(changes)).toMatchObject(config);
  });

  it.each([
    [{ LEDGER_TIMEOUT_MS: "2500" }, { timeoutMs: 2_500 }],
    [{ LEDGER_ADMIN_KEY: " key\n" }, { adminKey: "key" }],
    [{ LEDGER_BASE_URL: " https://ledger.example/base/ " }, { baseUrl: "https://ledger.example/base/" }],
  ])("%o → the ledger's %o", (changes, ledger) => {
    expect(loaded(changes).ledger).toMatchObject(ledger);
  });

  it.each([
    ["whsec_one,whsec_two", ["whsec_one", "whsec_two"]],
    [" whsec_one , whsec_two ", ["whsec_one", "whsec_two"]],
    ["whsec_one,,whsec_two,", ["whsec_one", "whsec_two"]],
    ["whsec_one\n", ["whsec_one"]],
  ])("signing secrets %o → %o", (text, signingSecrets) => {
    expect(loaded({ SETTLE_ENV: "staging", STRIPE_WEBHOOK_SIGNING_SECRET: text }).signingSecrets).toEqual(
      signingSecrets,
    );
  });
});

describe("each variable that has no default, not set → named as missing", () => {
  it.each(Object.keys(COMPLETE))("%s", (name) => {
    for (const value of [undefined, ""]) expect(load({ [name]: value })).toEqual(missing(name));
  });
});

describe("each variable, malformed → named as invalid", () => {
  const integers = ["0", "-1", "1.5", "1e3", "0x10", "abc", "99999999999", "９"];
  it.each([
    ["SETTLE_ENV", ["prod", "PRODUCTION", "development", " "]],
    ["STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD", ["TRUE", "yes", "1", "on"]],
    ["STRIPE_WEBHOOK_SIGNING_SECRET", [" ", ",", " , ,", Array(11).fill(SIGNING_SECRET).join()]],
    ["STRIPE_SIGNATURE_TOLERANCE_SECONDS", [...integers, "86401"]],
    // Refunds come from `refund.*` alone: whoever still has the setting must learn that.
    ["STRIPE_REFUND_EVENTS", ["charge", "refund", "both", " "]],
    // Stripe's keys of metadata are at most 40 characters.
    ["STRIPE_ACCOUNT_METADATA_KEY", [" ", "k".repeat(41), {}]],
    ["WEBHOOK_BODY_MAX_KIB", [...integers, "1025"]],
    [
      "HEARTBEAT_URL",
      [" ", "beat.example", "http://beat.example/", "ftp://beat.example/", "https://a:b@beat.example/"],
    ],
    ["STRIPE_CONNECTED_ACCOUNTS", [" ", ",", "acct_", "cus_1", "acct_1,acct-2", "acct_1 acct_2", "*"]],
    ["LEDGER_ADMIN_KEY", [" ", "\n", {}]],
    ["LEDGER_TIMEOUT_MS", [...integers, "99", "60001"]],
    ["FORWARDING_RETRY_BASE_SECONDS", [...integers, "86401"]],
    ["FORWARDING_RETRY_MAX_SECONDS", [...integers, "86401"]],
    ["FORWARDING_RETRY_HORIZON_HOURS", [...integers, "721"]],
    ["EVENT_RETENTION_DAYS", [...integers, "3651"]],
    ["EVENT_INDEX_SHARDS", [...integers, "601"]],
    ["DATA_JURISDICTION", ["EU", "de", "none", " "]],
  ] as const)("%s", (name, values) => {
    for (const value of values) expect([value, load({ [name]: value })]).toEqual([value, invalid(name)]);
  });
});

describe("a signing secret that could be guessed → invalid", () => {
  const signedWith = (SETTLE_ENV: string, STRIPE_WEBHOOK_SIGNING_SECRET: string) =>
    load({ SETTLE_ENV, STRIPE_WEBHOOK_SIGNING_SECRET });

  it.each(["changeme", "whsec", "whsec_", "WHSEC_one", "xwhsec_one", `${SIGNING_SECRET},changeme`])(
    "%s → in every environment",
    (secrets) => {
      for (const settleEnv of ["staging", "production"]) {
        expect(signedWith(settleEnv, secrets)).toEqual(invalid("STRIPE_WEBHOOK_SIGNING_SECRET"));
      }
    },
  );

  it.each(["whsec_x", SIGNING_SECRET.slice(0, -1), `${SIGNING_SECRET},whsec_old`])(
    "%s, shorter than 24 characters after its prefix → in production",
    (secrets) => {
      expect(signedWith("staging", secrets).ok).toBe(true);
      expect(signedWith("production", secrets)).toEqual(invalid("STRIPE_WEBHOOK_SIGNING_SECRET"));
    },
  );

  it("is named together with all else that is wrong", () => {
    const result = load({ STRIPE_WEBHOOK_SIGNING_SECRET: "whsec_x", LEDGER_TIMEOUT_MS: "soon" });
    expect(result).toEqual(invalid("STRIPE_WEBHOOK_SIGNING_SECRET", "LEDGER_TIMEOUT_MS"));
  });
});

describe("the ledger's address: its key goes there", () => {
  it.each([
    "https://ledger.example",
    "https://ledger.example/",
    "https://ledger.example:8443/some/base",
    "http://127.0.0.1:8788",
    "http://127.9.9.9",
    "http://localhost:8788",
    "http://[::1]:8788",
  ])("%s → taken", (url) => {
    expect(loaded({ LEDGER_BASE_URL: url }).ledger.baseUrl).toBe(url);
  });

  it.each([
    ["plain HTTP leaves the machine", "http://ledger.example"],
    ["a name that only looks like loopback", "http://127.evil.com"],
    ["a loopback address as a label", "http://127.0.0.1.evil.com"],
    ["localhost as a label", "http://localhost.evil.com"],
    ["the unspecified address", "http://0.0.0.0:8788"],
    ["a private address is another machine", "http://10.0.0.1"],
    ["an IPv6 address that is not loopback", "http://[::2]"],
    ["credentials in the URL", "https://user:pass@ledger.example"],
    ["a user in the URL", "https://user@ledger.example"],
    ["loopback as the user", "http://127.0.0.1@evil.com"],
    ["a query would swallow the path", "https://ledger.example/?x=1"],
    ["a fragment would swallow the path", "https://ledger.example/#x"],
    ["another protocol", "ftp://ledger.example"],
    ["a script", "javascript:alert(1)"],
    ["a file", "file:///etc/passwd"],
    ["no protocol", "ledger.example"],
    ["a relative path", "/v1"],
    ["nothing but a protocol", "https://"],
  ])("%s → refused: %s", (_, url) => {
    expect(load({ LEDGER_BASE_URL: url })).toEqual(invalid("LEDGER_BASE_URL"));
  });

  // `URL` reports these as an empty query and fragment; the path that is
  // appended to the text would vanish in them.
  it.each(["https://ledger.example?", "https://ledger.example#", "https://ledger.example/?#"])(
    "an empty query or fragment would swallow the path too → refused: %s",
    (url) => {
      expect(load({ LEDGER_BASE_URL: url })).toEqual(invalid("LEDGER_BASE_URL"));
    },
  );
});

describe("where alerts go: for operators alone, and whoever knows the address can write there", () => {
  it.each([
    ["https://chat.example/hooks/T1/B2?thread=3", 60, 3_600_000],
    ["http://127.0.0.1:9999/", 5, 300_000],
  ])("%s after %d minutes → taken, with its query", (ALERT_WEBHOOK_URL, minutes, openAgeMs) => {
    const given = { ALERT_WEBHOOK_URL, ALERT_OPEN_AGE_MINUTES: String(minutes) };
    expect(loaded(given).alerts).toEqual({ url: ALERT_WEBHOOK_URL, openAgeMs });
  });

  it.each(["http://chat.example/", "https://user:pass@chat.example/", "chat.example", "ftp://chat.example/"])(
    "%s → refused, and named without its value",
    (ALERT_WEBHOOK_URL) => {
      expect(load({ ALERT_WEBHOOK_URL })).toEqual(invalid("ALERT_WEBHOOK_URL"));
    },
  );

  it.each(["0", "43201", "-1", "1.5", "soon"])("%s minutes → refused", (ALERT_OPEN_AGE_MINUTES) => {
    expect(load({ ALERT_OPEN_AGE_MINUTES })).toEqual(invalid("ALERT_OPEN_AGE_MINUTES"));
  });
});

describe("Stripe's API", () => {
  const key = { STRIPE_API_KEY: " rk_live_x\n" };

  it("no key → off, wherever it would be", () => {
    for (const STRIPE_API_KEY of [undefined, ""]) expect(loaded({ STRIPE_API_KEY }).stripeApi).toBeNull();
    expect(loaded({ STRIPE_API_BASE_URL: "https://stripe.example" }).stripeApi).toBeNull();
  });

  it("a key → Stripe itself, unless another address is named", () => {
    expect(loaded(key).stripeApi).toEqual({ key: "rk_live_x", baseUrl: "https://api.stripe.com" });
    const baseUrl = "http://127.0.0.1:12111";
    expect(loaded({ ...key, STRIPE_API_BASE_URL: baseUrl }).stripeApi).toEqual({ key: "rk_live_x", baseUrl });
  });

  it.each([
    ["plain HTTP leaves the machine", "http://stripe.example"],
    ["Stripe's client would drop a path", "https://stripe.example/base"],
    ["credentials", "https://user:pass@stripe.example"],
    ["a query", "https://stripe.example?x"],
    ["no address", "stripe"],
  ])("%s → refused: %s", (_, STRIPE_API_BASE_URL) => {
    expect(load({ ...key, STRIPE_API_BASE_URL })).toEqual(invalid("STRIPE_API_BASE_URL"));
  });
});

describe("the ledger as a service binding", () => {
  it("without an address → a base URL that no network will see", () => {
    for (const LEDGER_BASE_URL of [undefined, ""]) {
      expect(loaded({ LEDGER: binding, LEDGER_BASE_URL }).ledger.baseUrl).toBe("https://ledger");
    }
  });

  it("with an address → that one", () => {
    expect(loaded({ LEDGER: binding }).ledger.baseUrl).toBe("https://ledger.example");
  });

  it("with an unsafe address → refused all the same", () => {
    expect(load({ LEDGER: binding, LEDGER_BASE_URL: "http://ledger.example" })).toEqual(
      invalid("LEDGER_BASE_URL"),
    );
  });

  it("without the ledger's key → missing all the same", () => {
    expect(load({ LEDGER: binding, LEDGER_ADMIN_KEY: undefined })).toEqual(missing("LEDGER_ADMIN_KEY"));
  });

  it("is handed out as it is, and null when there is none", () => {
    expect(ledgerBinding({ LEDGER: binding })).toBe(binding);
    expect(ledgerBinding({})).toBeNull();
  });

  // A text has no `fetch`: every attempt would fail as a lost connection, with
  // a configuration that looks complete.
  it("LEDGER cleared to an empty text → no binding, and the address is missing", () => {
    expect(load({ LEDGER: "", LEDGER_BASE_URL: undefined })).toEqual(missing("LEDGER_BASE_URL"));
  });

  it("LEDGER set to a text → invalid", () => {
    expect(load({ LEDGER: "https://ledger.example" })).toEqual(invalid("LEDGER"));
  });
});

describe("all problems at once, by name, never by value", () => {
  const SECRET = "do-not-show-this";

  it("an empty environment → everything that is needed", () => {
    expect(loadConfig({})).toEqual(missing(...Object.keys(COMPLETE)));
  });

  it("everything wrong → everything named, each once, nothing shown", () => {
    const names = [
      "STRIPE_ALLOW_TESTMODE_EVENTS_IN_PROD",
      "STRIPE_SIGNATURE_TOLERANCE_SECONDS",
      "STRIPE_REFUND_EVENTS",
      "STRIPE_CONNECTED_ACCOUNTS",
      "LEDGER_BASE_URL",
      "LEDGER_TIMEOUT_MS",
      "FORWARDING_RETRY_BASE_SECONDS",
      "FORWARDING_RETRY_MAX_SECONDS",
      "FORWARDING_RETRY_HORIZON_HOURS",
      "EVENT_RETENTION_DAYS",
      "EVENT_INDEX_SHARDS",
    ];
    const result = loadConfig({
      SETTLE_ENV: SECRET,
      ...Object.fromEntries(names.map((name) => [name, SECRET])),
    });
    expect(result).toEqual({
      ok: false,
      missing: ["STRIPE_WEBHOOK_SIGNING_SECRET", "LEDGER_ADMIN_KEY"],
      invalid: ["SETTLE_ENV", ...names],
    });
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });

  it("one of several secrets malformed → the variable is named once", () => {
    const secrets = Array.from({ length: 12 }, (_, i) => `${SECRET}${i}`).join();
    const result = load({ STRIPE_WEBHOOK_SIGNING_SECRET: secrets });
    expect(result).toEqual(invalid("STRIPE_WEBHOOK_SIGNING_SECRET"));
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });
});

describe("checked once", () => {
  it("the same environment → the very same answer", () => {
    for (const env of [COMPLETE, {}]) expect(loadConfig(env)).toBe(loadConfig(env));
  });

  it("two environments → two answers", () => {
    expect(load({ SETTLE_ENV: "staging" })).not.toEqual(load());
  });
});

describe("operators' keys", () => {
  const NONE = { adminKey: null, readKey: null, missing: ["SETTLE_ADMIN_KEY"], invalid: [] };

  it("set → without the blanks that a paste brings along", () => {
    expect(operatorKeys({ SETTLE_ADMIN_KEY: "admin", SETTLE_READ_KEY: " read\n" })).toEqual({
      adminKey: "admin",
      readKey: "read",
      missing: [],
      invalid: [],
    });
  });

  it.each([
    {},
    { SETTLE_ADMIN_KEY: "", SETTLE_READ_KEY: " " },
    { SETTLE_ADMIN_KEY: 1, SETTLE_READ_KEY: null },
  ])("%o → none", (env) => {
    expect(operatorKeys(env)).toEqual(NONE);
  });

  it.each<[string, string, string, object]>([
    ["both of 20 characters", OPERATOR_KEY, OPERATOR_KEY, { adminKey: OPERATOR_KEY, readKey: OPERATOR_KEY }],
    ["a shorter one", OPERATOR_KEY.slice(1), OPERATOR_KEY, { adminKey: null, invalid: ["SETTLE_ADMIN_KEY"] }],
    [
      "a shorter one, and blanks",
      ` ${OPERATOR_KEY.slice(1)} `,
      OPERATOR_KEY,
      { adminKey: null, invalid: ["SETTLE_ADMIN_KEY"] },
    ],
    ["a shorter one for readers", OPERATOR_KEY, "read", { readKey: null, invalid: ["SETTLE_READ_KEY"] }],
    ["two shorter ones", "admin", "read", { invalid: ["SETTLE_ADMIN_KEY", "SETTLE_READ_KEY"] }],
    ["none and a shorter one", "", "read", { missing: ["SETTLE_ADMIN_KEY"], invalid: ["SETTLE_READ_KEY"] }],
  ])("in production, %s → not accepted, by name", (_, SETTLE_ADMIN_KEY, SETTLE_READ_KEY, expected) => {
    const keys = operatorKeys({ SETTLE_ENV: "production", SETTLE_ADMIN_KEY, SETTLE_READ_KEY });
    expect(keys).toMatchObject({ missing: [], invalid: [], ...expected });
  });
});
