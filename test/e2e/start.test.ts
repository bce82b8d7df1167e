/** The newcomer's first command: `npm start`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, HOST, isFree } from "../../scripts/sandbox/stack/ports.ts";
import { bareEnv } from "../../scripts/lib/bare-env.ts";
import { ROOT } from "../../scripts/lib/paths.ts";
import { tempFolder } from "./support.ts";
import { runScript } from "../support/run-script.ts";

const START = "scripts/commands/start.ts";

let folder = "";
beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Ports = [clawsettle: number, ledger: number, stripe: number];

async function flags(): Promise<{ ports: Ports; args: string[] }> {
  const ports: Ports = [await freePort(), await freePort(), await freePort()];
  const [port = "", ledgerPort = "", stripePort = ""] = ports.map(String);
  const data = ["--persist-to", join(folder, `state-${port}`), "--vars-file", join(folder, ".dev.vars")];
  return { ports, args: ["--port", port, "--ledger-port", ledgerPort, "--stripe-port", stripePort, ...data] };
}

describe("npm start", () => {
  it("--once, without secrets → makes them for the owner only, plays the main job, exits 0, leaves no port open", async () => {
    const { ports, args } = await flags();
    const { code, stdout, stderr } = await runScript(START, ["--once", ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const line of [
      "event forwarded",
      "200, deduped",
      "401 SIGNATURE_INVALID",
      "422 LIVEMODE_MISMATCH",
      "502 LEDGER_INGEST_FAILED",
      "forwarded by the alarm, attempt",
      "41.34 USD = 12.34 USD + 29.00 USD",
    ]) {
      expect(stdout).toContain(line);
    }
    expect(stdout).not.toContain("✘");
    expect((await stat(join(folder, ".dev.vars"))).mode & 0o777).toBe(0o600);
    expect(await Promise.all(ports.map(isFree))).toEqual([true, true, true]);
  });

  it("without --once, a .dev.vars without the sandbox Stripe's key → adds it, stays up after the main job; SIGINT → exits 0, leaves no port open", async () => {
    const { ports, args } = await flags();
    const file = join(folder, "older.vars");
    const before =
      "STRIPE_WEBHOOK_SIGNING_SECRET=whsec_chosen_by_the_developer_alone\nLEDGER_ADMIN_KEY=chosen_by_the_developer\nSETTLE_ADMIN_KEY=chosen_by_the_developer";
    await writeFile(file, before);
    const child = spawn(process.execPath, [START, ...args, "--vars-file", file], {
      cwd: ROOT,
      env: bareEnv(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    let printed = "";
    for await (const text of child.stdout) {
      printed += String(text);
      if (printed.includes("Ctrl-C stops everything")) break;
    }
    expect(printed).toContain("Added a key of the sandbox Stripe");
    const after = await readFile(file, "utf8");
    expect(after.startsWith(`${before}\n`)).toBe(true);
    expect(after.slice(before.length).trim()).toMatch(/^STRIPE_API_KEY=sk_test_[0-9a-f]{48}$/);
    expect(printed).toContain("Try next");
    expect(printed).toContain("/console");
    expect(printed).toContain("--lose");
    const health = await fetch(`http://${HOST}:${ports[0]}/health`);
    expect(health.status).toBe(200);

    child.kill("SIGINT");
    expect(await exit).toEqual([0, null]);
    expect(await Promise.all(ports.map(isFree))).toEqual([true, true, true]);
  });

  it("a port in use → says which and what to do, starts nothing, exits 1", async () => {
    const { ports, args } = await flags();
    const other = createServer().listen(ports[1], HOST);
    await once(other, "listening");
    const { code, stdout, stderr } = await runScript(START, ["--once", ...args]);
    other.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`Port ${ports[1]}, meant for the sandbox ledger, is in use`);
    expect(stderr).toContain("--ledger-port");
  });

  it("an incomplete .dev.vars → names what is missing and leaves the file alone, exits 1", async () => {
    const { args } = await flags();
    const file = join(folder, "incomplete.vars");
    await writeFile(file, "LEDGER_ADMIN_KEY=chosen\nSETTLE_ADMIN_KEY=\n");
    const before = await stat(file);
    const { code, stderr } = await runScript(START, ["--once", ...args, "--vars-file", file]);
    expect(code).toBe(1);
    expect(stderr).toContain("no value for STRIPE_WEBHOOK_SIGNING_SECRET, SETTLE_ADMIN_KEY");
    expect(stderr).not.toContain("chosen");
    expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
  });
});
