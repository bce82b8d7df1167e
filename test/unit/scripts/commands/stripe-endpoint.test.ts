/** The command against the sandbox: in this process, and as it is run where its own process matters. */
import { Stripe } from "stripe";
import { afterEach, describe, expect, it, vi } from "vitest";
import { configureEndpoint } from "../../../../scripts/commands/stripe-endpoint/configure-endpoint.ts";
import { HELP, OPTIONS } from "../../../../scripts/commands/stripe-endpoint/options.ts";
import { exitCodeOf, readOptions } from "../../../../scripts/lib/command.ts";
import { UsageError } from "../../../../scripts/lib/failure.ts";
import { subscribedEventTypes } from "../../../../src/settlement/map.ts";
import { STRIPE_API_VERSION } from "../../../../src/stripe/api-version.ts";
import { type Run, runScript } from "../../../support/run-script.ts";
import { SANDBOX_KEY, useSandboxStripe } from "../../../support/started-sandbox-stripe.ts";

const URL_OF_STAGING = "https://staging.settle.example/v1/stripe/webhook";

const sandbox = useSandboxStripe();

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const toSandbox = () => ({ STRIPE_API_KEY: SANDBOX_KEY, STRIPE_API_BASE_URL: sandbox.base.origin });

function runAsProcess(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  return runScript("scripts/commands/stripe-endpoint.ts", args, { env: { ...toSandbox(), ...env } });
}

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  for (const [name, value] of Object.entries({ ...toSandbox(), ...env })) vi.stubEnv(name, value);
  const printed = { log: "", error: "" };
  for (const to of ["log", "error"] as const) {
    vi.spyOn(console, to).mockImplementation((line: unknown) => void (printed[to] += `${String(line)}\n`));
  }
  const code = await exitCodeOf({ help: HELP, options: OPTIONS }, configureEndpoint, args);
  return { code, stdout: printed.log, stderr: printed.error };
}

const stripe = () => {
  const { hostname: host, port } = sandbox.base;
  return new Stripe(SANDBOX_KEY, { host, port, protocol: "http", telemetry: false });
};
const endpoints = async () => (await stripe().webhookEndpoints.list({ limit: 100 })).data;
const writes = async () => (await sandbox.requests()).filter(({ method }) => method !== "GET").length;

describe("no endpoint yet", () => {
  it("made with exactly the mapping's types and the pinned version; its secret is printed, the key is not", async () => {
    const { code, stdout: out, stderr: err } = await runAsProcess(["--url", URL_OF_STAGING]);
    expect([code, err]).toEqual([0, ""]);
    const [made] = await endpoints();
    expect(made).toMatchObject({ url: URL_OF_STAGING, api_version: STRIPE_API_VERSION, status: "enabled" });
    expect(made?.enabled_events.toSorted()).toEqual(subscribedEventTypes());
    expect(out.match(/whsec_[0-9a-f]{32}/g)).toHaveLength(1);
    expect(out).not.toContain(SANDBOX_KEY);
  });

  it("run a second time → nothing is written, no secret is shown", async () => {
    await run(["--url", URL_OF_STAGING]);
    const before = await writes();
    const { code, stdout: out } = await run(["--url", URL_OF_STAGING]);
    expect(code).toBe(0);
    expect(out).toContain("Nothing to do");
    expect(out).not.toContain("whsec_");
    expect([before, await writes()]).toEqual([1, 1]);
  });

  it("Stripe's answer is lost → says that it may exist, and what to do", async () => {
    // The list is answered, the creation is not.
    await sandbox.call("POST", "/sandbox/faults", { kind: "cut_off", every: 2, count: 1 });
    const { code, stderr: err } = await run(["--url", URL_OF_STAGING]);
    expect(code).toBe(1);
    expect(err).toContain("the endpoint may exist all the same");
  });

  it("which mode the key is of → said first", async () => {
    expect((await run(["--url", URL_OF_STAGING, "--dry-run"])).stdout).toContain("Stripe in test mode");
  });

  it("--dry-run → says what it would do, and does nothing", async () => {
    const { code, stdout: out } = await run(["--url", URL_OF_STAGING, "--dry-run"]);
    expect(code).toBe(0);
    expect(out).toContain("Would create");
    expect(out).toContain("+ payment_intent.succeeded");
    expect(await writes()).toBe(0);
  });
});

describe("an endpoint with this address", () => {
  const make = (changes: Partial<Stripe.WebhookEndpointCreateParams> = {}) =>
    stripe().webhookEndpoints.create({
      url: URL_OF_STAGING,
      enabled_events: [...subscribedEventTypes()] as ["*"],
      api_version: STRIPE_API_VERSION,
      ...changes,
    });

  it("other types → updated, and the difference is shown; then nothing to do", async () => {
    await make({ enabled_events: ["payment_intent.succeeded", "customer.created"] });
    const dry = await run(["--url", URL_OF_STAGING, "--dry-run"]);
    expect(dry.stdout).toContain("Would update");
    expect(await writes()).toBe(1);
    const { stdout: out } = await run(["--url", URL_OF_STAGING]);
    expect(out).toContain("- customer.created");
    expect(out).toContain("+ payout.paid");
    expect(out).not.toContain("payment_intent.succeeded");
    expect((await endpoints())[0]?.enabled_events.toSorted()).toEqual(subscribedEventTypes());
    expect((await run(["--url", URL_OF_STAGING])).stdout).toContain("Nothing to do");
  });

  it("disabled → enabled again, and what that means is said", async () => {
    const { id } = await make();
    await stripe().webhookEndpoints.update(id, { disabled: true });
    const { stdout: out } = await run(["--url", URL_OF_STAGING]);
    expect(out).toContain("was disabled");
    expect(out).toContain("were not sent");
    expect((await endpoints())[0]?.status).toBe("enabled");
  });

  it("the same but for a slash → taken for the same", async () => {
    await make({ url: `${URL_OF_STAGING}/` });
    expect((await run(["--url", URL_OF_STAGING])).stdout).toContain("Nothing to do");
  });

  it("another version, which Stripe cannot change → said, with what to do; nothing is written", async () => {
    await make({ api_version: "2020-08-27" });
    const { code, stderr: err } = await run(["--url", URL_OF_STAGING]);
    expect(code).toBe(1);
    expect(err).toContain(STRIPE_API_VERSION);
    expect(err).toContain(`--url ${URL_OF_STAGING}?version=${STRIPE_API_VERSION}`);
    expect(await writes()).toBe(1);
  });

  it.each([
    [
      "from before refunds' own events",
      "2024-09-30.acacia",
      /refund\.\* for every refund: refunds may not be settled/,
    ],
    [
      "the account's, whatever that is",
      undefined,
      /dashboard shows the account's version: before 2024-10-28/,
    ],
  ] as const)("a version %s → warned of refunds that may not come", async (_, version, warning) => {
    await make({ api_version: version as "2020-08-27" });
    const { code, stderr: err } = await run(["--url", URL_OF_STAGING, "--dry-run"]);
    expect([code, err]).toEqual([1, expect.stringMatching(warning)]);
  });

  it("another version, but one that has refunds' own events → no such warning", async () => {
    await make({ api_version: "2024-10-28.acacia" as "2020-08-27" });
    const { code, stderr: err } = await run(["--url", URL_OF_STAGING]);
    expect([code, err]).toEqual([1, expect.stringContaining("2024-10-28.acacia")]);
    expect(err).not.toContain("refund");
  });

  it("another version + the address with a version → one more beside it, and the old one goes on", async () => {
    await make({ api_version: "2020-08-27" });
    const beside = `${URL_OF_STAGING}?version=${STRIPE_API_VERSION}`;
    const { code, stdout: out } = await run(["--url", beside]);
    expect(code).toBe(0);
    expect(out).toMatch(/whsec_/);
    expect((await endpoints()).map(({ url, status }) => [url, status])).toEqual([
      [beside, "enabled"],
      [URL_OF_STAGING, "enabled"],
    ]);
  });

  it("two of them → refused with their ids", async () => {
    const ids = [(await make()).id, (await make()).id];
    const { code, stderr: err } = await run(["--url", URL_OF_STAGING]);
    expect(code).toBe(1);
    for (const id of ids) expect(err).toContain(id);
  });

  it("one with another address → left alone", async () => {
    await make({ url: "https://other.example/hook" });
    await run(["--url", URL_OF_STAGING]);
    expect((await endpoints()).map(({ url }) => url)).toEqual([URL_OF_STAGING, "https://other.example/hook"]);
  });
});

describe("what cannot be", () => {
  it.each<[string, Record<string, string>, string]>([
    ["a wrong key", { STRIPE_API_KEY: "sk_test_wrong" }, "Stripe refuses STRIPE_API_KEY (401)"],
    ["a key without permission", { STRIPE_API_KEY: "rk_test_without_permission" }, "(403)"],
    ["no key", { STRIPE_API_KEY: "" }, "STRIPE_API_KEY is not set"],
    ["nobody there", { STRIPE_API_BASE_URL: "http://127.0.0.1:9" }, "Stripe cannot be reached"],
    ["the key in plain sight", { STRIPE_API_BASE_URL: "http://api.example" }, "must be https"],
  ])("%s → one clear line without the key, exit code 1", async (_, env, message) => {
    const { code, stderr: err } = await run(["--url", URL_OF_STAGING], env);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).not.toContain(env["STRIPE_API_KEY"] || SANDBOX_KEY);
  });

  it("as a process → the same", async () => {
    const nobody = { STRIPE_API_BASE_URL: "http://127.0.0.1:9" };
    const { code, stderr } = await runAsProcess(["--url", URL_OF_STAGING], nobody);
    expect([code, stderr]).toEqual([1, "Stripe cannot be reached.\n"]);
    expect((await runAsProcess([])).code).toBe(2);
  });

  it.each([
    [[]],
    [["--url", URL_OF_STAGING, "--more"]],
    [["--url", URL_OF_STAGING, "--refund-events", "refund"]],
  ])("%j → wrong usage, exit code 2", async (args) => {
    expect((await run(args)).code).toBe(2);
  });

  it.each([
    "http://settle.example/v1/stripe/webhook",
    "settle.example",
    "https://settle.example/",
    "https://user:pass@settle.example/",
  ])("--url %s → wrong usage", (url) => {
    expect(() => readOptions(OPTIONS, ["--url", url])).toThrow(UsageError);
  });
});

it("the pinned version is that of the stripe package: they move together", () => {
  expect(STRIPE_API_VERSION).toBe(Stripe.API_VERSION);
});
