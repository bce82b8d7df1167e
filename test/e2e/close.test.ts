import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { monthBefore, monthOf } from "../../scripts/commands/close/month.ts";
import { runScript } from "../support/run-script.ts";
import { startTestStack, tempFolder, type TestStack } from "./support.ts";

/**
 * `npm run close` at a started stack. What closes a month, and what does not:
 * test/unit/scripts/commands/close.test.ts.
 */

const NAME = new Date().toISOString().slice(0, 7);
const MONTH = monthOf("--month", NAME);
/** On the last days of a month no run reaches back to its first. */
const IS_REACHABLE = Date.now() - MONTH.from < 29 * 86_400_000;

let started: TestStack;
let folder: string;
beforeAll(async () => {
  started = await startTestStack({}, { withStripe: true });
  folder = await tempFolder();
  const payment = ["payment_intent.succeeded", "--amount", "1999", "--account", "acc_none"];
  await run("send", ["--url", started.stack.clawsettleUrl.origin, ...payment]);
});
afterAll(async () => {
  await started?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(script: "close" | "send", args: readonly string[]) {
  return runScript(`scripts/commands/${script}.ts`, args, { env: started.env });
}

function close(...args: readonly string[]) {
  const out = ["--out", join(folder, NAME)];
  return run("close", ["--base-url", started.stack.clawsettleUrl.origin, ...out, ...args]);
}

describe("npm run close", () => {
  it.skipIf(IS_REACHABLE)("a month whose first part no run reaches, and none is kept → exit 1", async () => {
    const { code, stderr } = await close("--month", NAME);
    expect([code, stderr]).toEqual([1, expect.stringContaining("No run can cover part 1 any more")]);
  });

  it.runIf(IS_REACHABLE)(
    "a month that is not over → exit 1, why, and no close; --draft → files whose hashes hold",
    async () => {
      const refused = await close("--month", NAME);
      expect(refused.code).toBe(1);
      expect(refused.stdout).toContain("the month is not over");
      expect(refused.stdout).toContain("nobody has confirmed whose Stripe account it is");
      mkdirSync(join(folder, monthBefore(MONTH)));
      const before = { month: monthBefore(MONTH), status: "closed", account: null };
      const statements = [{ currency: "EUR", closing_minor: "700" }];
      writeFileSync(
        join(folder, monthBefore(MONTH), "close.json"),
        JSON.stringify({ ...before, statements }),
      );
      const { code, stdout } = await close("--month", NAME, "--draft");
      expect([code, stdout]).toEqual([0, expect.stringMatching(/Written to .*\.\n$/)]);
      const cwd = join(folder, NAME);
      expect(execFileSync("sha256sum", ["--check", "SHA256SUMS"], { cwd, encoding: "utf8" })).toContain(
        "close.json: OK",
      );
      expect(JSON.parse(readFileSync(join(cwd, "close.json"), "utf8"))).toMatchObject({
        status: "draft",
        opening_source: "previous_close",
        statements: [{ currency: "EUR", opening: "7.00", closing: "7.00" }],
      });
    },
  );

  it.each([
    ["no month", [], "--month names the month"],
    ["no such month", ["--month", "2026-13"], "--month takes a month like 2026-10"],
    [
      "two sources of the opening balance",
      ["--month", NAME, "--previous", "x", "--opening", "USD=1"],
      "give one",
    ],
    ["no such balance", ["--month", NAME, "--opening", "1 USD"], "--opening takes USD=123456"],
    ["another machine", ["--month", NAME, "--base-url", "https://clawsettle.com"], "--allow-remote"],
  ])("%s → exit 2", async (_, args, message) => {
    const { code, stderr } = await close(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it("a file that is no close of the month before, or a month that has not begun → exit 1", async () => {
    const file = join(folder, "other.json");
    writeFileSync(file, JSON.stringify({ month: NAME, status: "closed", statements: [] }));
    const other = await close("--month", NAME, "--previous", file);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("is no close of")]);
    const next = await close("--month", new Date(MONTH.to + 40 * 86_400_000).toISOString().slice(0, 7));
    expect([next.code, next.stderr]).toEqual([1, expect.stringContaining("has not begun")]);
  });
});
