import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrCreateDevVars } from "../../../../../scripts/sandbox/stack/dev-vars.ts";
import { tempFolder } from "../../../../../scripts/sandbox/stack/temp-stack.ts";
import { loadConfig, operatorKeys } from "../../../../../src/config.ts";

let folder = "";
beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const KEY = "k".repeat(20);
const SIGNING_SECRET = `whsec_${"s".repeat(24)}`;

it("no file → made, with secrets that even production accepts, and never the same ones", async () => {
  const made = await loadOrCreateDevVars(join(folder, "a.vars"));
  expect(made.created).toBe(true);
  const env = { ...made.vars, SETTLE_ENV: "production", LEDGER_BASE_URL: "http://127.0.0.1:1" };
  expect(loadConfig(env).ok).toBe(true);
  expect(operatorKeys(env)).toMatchObject({ missing: [], invalid: [] });
  const { vars } = await loadOrCreateDevVars(join(folder, "b.vars"));
  expect(new Set([...Object.values(made.vars), ...Object.values(vars)]).size).toBe(10);
});

describe("a file with a secret that could be guessed → named, without its value, and left alone", () => {
  const sound = {
    STRIPE_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET,
    LEDGER_ADMIN_KEY: KEY,
    SETTLE_ADMIN_KEY: KEY,
    SETTLE_READ_KEY: KEY,
    STRIPE_API_KEY: "sk_test_x",
  };
  const written = async (changes: object) => {
    const file = join(folder, "given.vars");
    const lines = Object.entries({ ...sound, ...changes }).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(file, lines.join(""));
    return file;
  };

  it.each([
    ["STRIPE_WEBHOOK_SIGNING_SECRET", "changeme"],
    ["STRIPE_WEBHOOK_SIGNING_SECRET", "whsec_changeme"],
    ["STRIPE_WEBHOOK_SIGNING_SECRET", "changeme".repeat(5)],
    ["STRIPE_WEBHOOK_SIGNING_SECRET", `${SIGNING_SECRET},whsec_changeme`],
    ["LEDGER_ADMIN_KEY", "changeme"],
    ["SETTLE_ADMIN_KEY", KEY.slice(1)],
    ["SETTLE_READ_KEY", "changeme"],
  ])("%s=%s", async (name, value) => {
    const file = await written({ [name]: value });
    const before = await readFile(file, "utf8");
    const failure = await loadOrCreateDevVars(file).catch((error: unknown) => String(error));
    expect(failure).toContain(`${name} could be guessed`);
    expect(failure).not.toContain("changeme");
    expect(await readFile(file, "utf8")).toBe(before);
  });

  it.each([{}, { STRIPE_WEBHOOK_SIGNING_SECRET: `${SIGNING_SECRET}, ${SIGNING_SECRET}` }])(
    "%o: none of them → read",
    async (changes) => {
      const file = await written(changes);
      expect((await loadOrCreateDevVars(file)).vars).toMatchObject({ SETTLE_ADMIN_KEY: KEY });
    },
  );

  it("no read key, which is optional → read", async () => {
    expect((await loadOrCreateDevVars(await written({ SETTLE_READ_KEY: "" }))).created).toBe(false);
  });
});
