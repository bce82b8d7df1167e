/** The sender: `npm run send`. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STORIES } from "../../scripts/sandbox/stories/stories.ts";
import { startTestStack, tempFolder, type TestStack } from "./support.ts";
import { runScript, type Run } from "../support/run-script.ts";

let started: TestStack;
let folder = "";
let varsFile = "";
beforeAll(async () => {
  [started, folder] = await Promise.all([startTestStack({}, { withStripe: true }), tempFolder()]);
  // The script finds its secrets where `npm start` would have put them, and not in the developer's own file.
  varsFile = join(folder, ".dev.vars");
  const lines = Object.entries(started.env).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(varsFile, lines.join(""));
});
afterAll(async () => {
  await started?.stop();
  await rm(folder, { recursive: true, force: true });
});

function send(...args: readonly string[]): Promise<Run> {
  const { clawsettleUrl, ledgerUrl, stripeUrl } = started.stack;
  const stripe = stripeUrl === null ? [] : ["--stripe-url", stripeUrl.origin];
  const where = ["--url", clawsettleUrl.origin, "--ledger-url", ledgerUrl.origin, ...stripe];
  return runScript("scripts/commands/send.ts", [...where, "--vars-file", varsFile, ...args]);
}

describe("npm run send", () => {
  it("one event without an account → makes one, prints the answer, exits 0", async () => {
    const { code, stdout, stderr } = await send("payment_intent.succeeded", "--amount", "1999");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Created account acc_\w+ at http/);
    expect(stdout).toMatch(/^200 after \d+ ms\n/);
    expect(stdout).toContain('"state": "forwarded"');
  });

  it("--times 40 --concurrency 20 → 40 events forwarded, a summary, no progress bar outside a terminal", async () => {
    const { code, stdout, stderr } = await send(
      "payment_intent.succeeded",
      "--times",
      "40",
      "--concurrency",
      "20",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^40 deliveries in [\d.]+ s, \d+\/s\n {2}40 {2}200 forwarded\n {2}p50 [\d.]+ ms, p99 [\d.]+ ms\n$/,
    );
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("one event id 50 times at once → forwarded once, deduplicated 49 times", async () => {
    const same = ["--event-id", "evt_e2e_same", "--times", "50", "--concurrency", "50"];
    const { code, stdout } = await send("payment_intent.succeeded", ...same);
    expect(code).toBe(0);
    expect(stdout).toContain("49  200 forwarded (deduplicated)\n");
    expect(stdout).toContain(" 1  200 forwarded\n");
  });

  it("--lose → Stripe lists it, clawsettle has never heard of it; sent → both know it", async () => {
    const lost = await send("payment_intent.succeeded", "--event-id", "evt_e2e_lost", "--lose");
    expect(lost.code).toBe(0);
    expect(lost.stdout).toContain("Lost on its way: evt_e2e_lost.");
    expect(await started.clawsettle.event("evt_e2e_lost")).toBeNull();
    await send("payment_intent.succeeded", "--event-id", "evt_e2e_sent");
    expect(await started.clawsettle.event("evt_e2e_sent")).not.toBeNull();
    const url = new URL("/v1/events?limit=100", started.stack.stripeUrl ?? undefined);
    const headers = { authorization: `Bearer ${started.env["STRIPE_API_KEY"]}` };
    const { data } = (await (await fetch(url, { headers })).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining(["evt_e2e_lost", "evt_e2e_sent"]));
  });

  it("--story --forget-event → Stripe has its money and no event, a reconciliation finds it, an operator has it booked", async () => {
    const { code, stdout } = await send("--story", "payment", "--forget-event");
    expect(code).toBe(0);
    const [, transaction = ""] = /(txn_\w+) charge, USD\s25.00/.exec(stdout) ?? [];
    const now = Date.now();
    const iso = (at: number) => new Date(at).toISOString();
    const window = { from: iso(now - 86_400_000), to: iso(now), actor: "ada" };
    const id = await started.clawsettle.beginReconciliation(window);
    const { differences } = await started.clawsettle.reconciliationAtEnd(id);
    const found = differences.find(({ kind }) => kind === "money_without_event");
    expect(found).toMatchObject({ transaction_id: transaction, amount: "25.00" });
    const url = new URL(`/v1/admin/reconciliations/${id}/deliver`, started.stack.clawsettleUrl);
    const headers = { authorization: `Bearer ${started.env["SETTLE_ADMIN_KEY"]}` };
    const body = JSON.stringify({ key: found?.key, actor: "ada", note: "no event came", dry_run: false });
    const answer = await fetch(url, { method: "POST", headers, body });
    expect(await answer.json()).toMatchObject({ event: { state: "forwarded" } });
  });

  it("no sandbox Stripe there → says so, and sends all the same; --lose → exit 1", async () => {
    const elsewhere = ["--stripe-url", "http://127.0.0.1:9", "--account", "acc_none"];
    const { stderr, stdout } = await send("customer.created", ...elsewhere);
    expect(stderr).toContain("No sandbox Stripe at http://127.0.0.1:9");
    expect(stdout).toContain('"state": "ignored"');
    expect((await send("customer.created", "--lose", ...elsewhere)).code).toBe(1);
  });

  it("a type that moves no money → acknowledged as ignored", async () => {
    const { code, stdout } = await send("customer.created", "--account", "acc_none");
    expect(code).toBe(0);
    expect(stdout).toContain('"state": "ignored"');
  });

  it("an answer that is not 2xx → exit 1", async () => {
    const { code, stdout } = await send("payment_intent.succeeded", "--account", "acc_none", "--livemode");
    expect(code).toBe(1);
    expect(stdout).toContain("LIVEMODE_MISMATCH");
  });

  it("--list → every story with its title, and no stack needed", async () => {
    const { code, stdout, stderr } = await runScript("scripts/commands/send.ts", ["--list"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const stories = Object.entries(STORIES).map(
      ([name, { title }]) => new RegExp(`^${name} +${title}$`, "m"),
    );
    expect(stdout.trimEnd().split("\n")).toHaveLength(stories.length);
    for (const story of stories) expect(stdout).toMatch(story);
  });

  it.each([
    [
      "as sent, with the account at Checkout",
      ["--story", "checkout-client-reference"],
      "15.00",
      "2 forwarded",
    ],
    [
      "backwards, each event twice",
      ["--story", "refund-before-its-payment", "--order", "backwards", "--double"],
      "15.00",
      "2 forwarded",
    ],
    [
      "shuffled, of a connected account",
      ["--story", "connected-account", "--order", "shuffled"],
      "15.00",
      "2 forwarded",
    ],
  ])("--story, %s → the ledger holds what it must, exits 0", async (_title, args, amount, settled) => {
    const { code, stdout, stderr } = await send(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^events: .*${settled}`, "m"));
    expect(stdout).toMatch(new RegExp(`^✔ ada acc_\\w+: must be USD\\s${amount}, is USD\\s${amount}$`, "m"));
    expect(stdout).toMatch(/^✔ bob acc_\w+: must be USD\s0.00, is USD\s0.00$/m);
  });

  it("--story that needs an operator → what is lacking and its event are shown, exits 0", async () => {
    const { code, stdout } = await send("--story", "refund-at-old-endpoint");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✔ ada acc_\w+: must be USD\s25.00, is USD\s25.00$/m);
    expect(stdout).toMatch(/^ {2}evt_\w+ charge.refunded: endpoint_version_too_old$/m);
    expect(stdout).toContain("The rest is before an operator");
  });

  it("--story of which the ledger refuses an event → the event is shown as failed, exits 1", async () => {
    await started.sandbox.addFault({ kind: "reject", count: 1 });
    const { code, stdout } = await send("--story", "payment");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✘ ada acc_\w+: must be USD\s25.00, is USD\s0.00$/m);
    expect(stdout).toMatch(/^ {2}evt_\w+ payment_intent.succeeded: ledger_rejected \w+$/m);
  });

  it("wrong usage → exit 2, nothing sent", async () => {
    const { code, stdout, stderr } = await send("payout.paid", "--order", "sideways");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("--order takes as-sent, backwards or shuffled");
  });
});
