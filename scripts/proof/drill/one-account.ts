/**
 * The account drill: thousands of payments of one account, coming faster than its lane can take them, at a
 * ledger that takes its time. All of them pass the lane one after the other; other accounts must not notice.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { concurrently } from "../../../src/concurrently.ts";
import { newAccount } from "../../sandbox/clients/ledger.ts";
import { percentile } from "../../lib/statistics.ts";
import { type DrillStack, withDrillStack } from "./drill-stack.ts";
import { type Payment, paymentTo } from "./payment.ts";
import { untilNothingHeals } from "./until-nothing-heals.ts";
import type { Disagreement } from "./verdict/disagreement.ts";

/** An ingest is a dozen statements. */
const STATEMENT_GAP_MS = 4;
/** Two or three times what the lane takes. More would measure the machine, which all accounts share here. */
const ARRIVALS_PER_SECOND = 25;
/** What waits for its turn, for five seconds at most, holds one. */
const CONNECTIONS = 256;
const OTHER_ACCOUNTS = 50;
const PROBERS = 2;
const PROBE_EVERY_MS = 100;
/** Before the payments, and as many after them: a machine can be quicker at one end than at the other. */
const PROBES_ALONE = 750;
const SENDER = { seed: 0, firstGapMs: 0, longestGapMs: 0, connections: CONNECTIONS };
const SLOWER_BY_AT_MOST = 1.2;

export async function accountDrill(
  options: { readonly events: number; readonly seed: number },
  say: (line: string) => void,
) {
  const startedAt = performance.now();
  const ledgerVars = { LEDGER_STATEMENT_GAP_MS: String(STATEMENT_GAP_MS) };
  return withDrillStack({ ledgerVars, sender: SENDER }, async (drill) => {
    const account = await newAccount(drill.ledger, "drill");
    const others: string[] = [];
    while (others.length < OTHER_ACCOUNTS) others.push(await newAccount(drill.ledger, "drill"));
    const probe = new Probe(drill, others, options.seed);

    say("other accounts alone");
    const before = await probe.times(PROBES_ALONE);

    say(`${options.events} payments of one account, ${ARRIVALS_PER_SECOND} a second`);
    const payments = Array.from({ length: options.events }, (_, n) =>
      paymentTo(account, 1, `${options.seed}_one_${n}`),
    );
    const over = new AbortController();
    const probing = probe.until(over.signal);
    const answers = await arrive(drill, payments);
    say(`${answers.filter((status) => status === 200).length} settled by their delivery`);
    await pollDrained(drill, payments.length, say);
    over.abort();
    const during = await probing;
    await untilNothingHeals(drill.clawsettle, payments.length + probe.sent);

    say("other accounts alone again");
    const alone = [...before, ...(await probe.times(PROBES_ALONE))];

    const p99 = { alone: shareOf(alone, 0.99), during: shareOf(during, 0.99) };
    return {
      options,
      by_delivery: answers.filter((status) => status === 200).length,
      refused_for_now: answers.filter((status) => status === 502).length,
      p50_ms: { alone: shareOf(alone, 0.5), during: shareOf(during, 0.5) },
      p99_ms: p99,
      disagreements: [...(await disagreementsOf(drill, account, payments)), ...slowed(p99)],
      seconds: Math.round((performance.now() - startedAt) / 1000),
    };
  });
}

/** Each at its time, however long the others take. */
function arrive({ clawsettle }: DrillStack, payments: readonly Payment[]): Promise<number[]> {
  const startedAt = performance.now();
  const numbered = payments.map(({ body }, n) => ({ body: JSON.stringify(body), n }));
  return concurrently(numbered, CONNECTIONS, async ({ body, n }) => {
    await sleep(Math.max(0, startedAt + (n * 1_000) / ARRIVALS_PER_SECOND - performance.now()));
    const { status } = await clawsettle.deliver({ body });
    return status;
  });
}

/** Payments of other accounts, and how long each delivery took, in milliseconds. */
class Probe {
  sent = 0;
  readonly #drill: DrillStack;
  readonly #accounts: readonly string[];
  readonly #seed: number;

  constructor(drill: DrillStack, accounts: readonly string[], seed: number) {
    this.#drill = drill;
    this.#accounts = accounts;
    this.#seed = seed;
  }

  times(count: number): Promise<number[]> {
    return concurrently(Array.from({ length: count }), PROBERS, () => this.#once());
  }

  async until(over: AbortSignal): Promise<number[]> {
    const latencies: number[] = [];
    const probers = Array.from({ length: PROBERS }, async () => {
      while (!over.aborted) latencies.push(await this.#once());
    });
    await Promise.all(probers);
    return latencies;
  }

  async #once(): Promise<number> {
    const account = this.#accounts[this.sent % this.#accounts.length] ?? "";
    const { body } = paymentTo(account, 1, `${this.#seed}_other_${this.sent++}`);
    const startedAt = performance.now();
    await this.#drill.clawsettle.deliver({ body: JSON.stringify(body) });
    const latency = performance.now() - startedAt;
    await sleep(PROBE_EVERY_MS);
    return latency;
  }
}

async function pollDrained(
  { clawsettle }: DrillStack,
  events: number,
  say: (line: string) => void,
): Promise<void> {
  for (let polls = 0; ; polls++) {
    const { states } = await clawsettle.stats();
    const open = ["received", "forwarding", "failed"].reduce((sum, state) => sum + (states[state] ?? 0), 0);
    // The probes' own are open for a moment now and then.
    if (open <= PROBERS && (states["forwarded"] ?? 0) >= events) return;
    if (polls % 10 === 0) say(`${open} wait for their turn`);
    await sleep(3_000);
  }
}

async function disagreementsOf(
  { ledger, clawsettle }: DrillStack,
  account: string,
  payments: readonly Payment[],
) {
  const found: Disagreement[] = [];
  const { body } = await ledger.account(account);
  const { available } = (body as { balances: { available: string } }).balances;
  if (available !== String(payments.length)) {
    found.push({ about: account, what: `holds ${available}, and ${payments.length} was paid` });
  }
  const states = new Map((await clawsettle.events()).map(({ event_id, state }) => [event_id, state]));
  for (const { id } of payments) {
    if (states.get(id) !== "forwarded") found.push({ about: id, what: `is ${states.get(id) ?? "unknown"}` });
  }
  return found;
}

function slowed({ alone, during }: Record<"alone" | "during", number>): Disagreement[] {
  if (during <= SLOWER_BY_AT_MOST * alone) return [];
  const what = `wait ${during} ms at the 99th percentile, and ${alone} ms alone`;
  return [{ about: "other accounts", what }];
}

function shareOf(latencies: readonly number[], share: number): number {
  return Math.round(percentile(latencies, share));
}
