/** The operators' smokes, against a started stack, by their own launchers. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { machineNode, startTestStack, type TestStack } from "./support.ts";
import { runScript, type Run } from "../support/run-script.ts";

const WEBHOOK = "scripts/poh/smoke-clawsettle-stripe-webhook.mjs";
const RETRY = "scripts/poh/smoke-clawsettle-forwarding-retry.mjs";

let started: TestStack;
beforeAll(async () => {
  started = await startTestStack();
});
afterAll(() => started?.stop());

function smoke(script: string, options: { node?: string; flags?: readonly string[] } = {}): Promise<Run> {
  const { clawsettleUrl, ledgerUrl } = started.stack;
  const where = ["--clawsettle-base-url", clawsettleUrl.origin, "--ledger-base-url", ledgerUrl.origin];
  const { node } = options;
  const args = ["--env", "local", ...where, ...(options.flags ?? [])];
  return runScript(script, args, { env: started.env, ...(node === undefined ? {} : { node }) });
}

type Report = {
  ok: boolean;
  env: string;
  steps: { name: string; ok: boolean; got: Record<string, unknown> }[];
};

function passed({ code, stdout }: Run): Report {
  const report = JSON.parse(stdout) as Report;
  expect(report.steps.filter((step) => !step.ok)).toEqual([]);
  expect({ code, ok: report.ok }).toEqual({ code: 0, ok: true });
  for (const secret of Object.values(started.env)) expect(stdout).not.toContain(secret);
  return report;
}

describe("the smokes", () => {
  it("webhook smoke → accepted, replayed, two refusals, one settlement, credited once", async () => {
    const report = passed(await smoke(WEBHOOK));
    expect(report.steps).toHaveLength(7);
    expect(report.steps.at(-1)?.got).toEqual({ status: 200, "balances.available": "1234" });
  });

  it("retry smoke → fails without the account, forwarded by the retry, nothing left to retry, credited once", async () => {
    const report = passed(await smoke(RETRY));
    expect(report.steps).toHaveLength(7);
    expect(report.steps.at(-1)?.got).toEqual({ status: 200, "balances.available": "1234" });
  });

  const node = machineNode();
  it.skipIf(node === null).each([WEBHOOK, RETRY])(
    "%s, on the machine's own node → passes too",
    async (script) => {
      const report = passed(await smoke(script, { node: node ?? process.execPath }));
      expect(report.steps).toHaveLength(7);
    },
  );

  it("--clawsettle-resolve-ip → connects there under the name that was given", async () => {
    const port = started.stack.clawsettleUrl.port;
    const elsewhere = ["--clawsettle-base-url", `http://not-in-dns.clawsettle.invalid:${port}`];
    passed(await smoke(WEBHOOK, { flags: [...elsewhere, "--clawsettle-resolve-ip", "127.0.0.1"] }));

    const unresolved = await smoke(WEBHOOK, { flags: ["--clawsettle-resolve-ip", "127.0.0.1"] });
    expect(unresolved.code, "a numeric host would make the flag mean nothing").toBe(2);
  });

  it("a wrong secret → exit 1, and the report shows the step that failed and nothing after it", async () => {
    const { clawsettleUrl, ledgerUrl } = started.stack;
    const args = ["--clawsettle-base-url", clawsettleUrl.origin, "--ledger-base-url", ledgerUrl.origin];
    const env = { ...started.env, STRIPE_WEBHOOK_SIGNING_SECRET: "whsec_wrong" };
    const { code, stdout } = await runScript(WEBHOOK, args, { env });
    const report = JSON.parse(stdout) as Report;
    expect({ code, ok: report.ok }).toEqual({ code: 1, ok: false });
    expect(report.steps.map((step) => step.ok)).toEqual([true, false]);
    expect(report.steps.at(-1)?.got).toMatchObject({ status: 401, code: "SIGNATURE_INVALID" });
  });

  it.each([
    ["an unknown flag", ["--clawsettle-url", "http://127.0.0.1:1"], "--clawsettle-url"],
    ["an unknown environment", ["--env", "test"], "--env takes local, staging or prod"],
    ["staging without its ledger", ["--env", "staging"], "--env staging needs --ledger-base-url"],
    [
      "a key about to go over open http",
      ["--env", "staging", "--ledger-base-url", "http://192.0.2.1"],
      "not encrypted",
    ],
  ])("%s → exit 2, no report", async (_title, args, message) => {
    const { code, stdout, stderr } = await runScript(RETRY, args, { env: started.env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });
});
