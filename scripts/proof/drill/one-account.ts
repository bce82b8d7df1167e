/**
 * The account drill: thousands of payments of one account at once, at a ledger that takes its time. All of them pass
 * its lane one after the other; other accounts must not notice.
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
const SENT_AT_ONCE = 8;
const OTHER_ACCOUNTS = 50;
const PROBE_EVERY_MS = 150;
const PROBES_ALONE = 200;
const SENDER = { seed: 0, firstGapMs: 0, longestGapMs: 0, connections: SENT_AT_ONCE };
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
    while (probe.latencies.length < PROBES_ALONE) await probe.once();
    const alone = probe.take();

    say(`${options.events} payments of one account, ${SENT_AT_ONCE} deliveries at a time`);
    const payments = Array.from({ length: options.events }, (_, n) =>
      paymentTo(account, 1, `${options.seed}_one_${n}`),
    );
    const over = new AbortController();
    const probing = (async () => {
      while (!over.signal.aborted) await probe.once();
    })();
    const answers = await concurrently(payments, SENT_AT_ONCE, ({ body }) =>
      drill.clawsettle.deliver({ body: JSON.stringify(body) }).then(({ status }) => status),
    );
    const during = probe.take();
    say(
      `${answers.filter((status) => status === 200).length} settled by their delivery; waiting for the others' alarms`,
    );
    await pollDrained(drill, payments.length, say);
    const draining = probe.take();
    over.abort();
    await probing;
    await untilNothingHeals(drill.clawsettle, payments.length + probe.sent);

    const seconds = Math.round((performance.now() - startedAt) / 1000);
    const p99 = { alone: p99Of(alone), during: p99Of(during), draining: p99Of(draining) };
    return {
      options,
      by_delivery: answers.filter((status) => status === 200).length,
      refused_for_now: answers.filter((status) => status === 502).length,
      p99_ms: p99,
      disagreements: [...(await disagreementsOf(drill, account, payments)), ...slowed(p99)],
      seconds,
    };
  });
}

class Probe {
  latencies: number[] = [];
  sent = 0;
  readonly #drill: DrillStack;
  readonly #accounts: readonly string[];
  readonly #seed: number;

  constructor(drill: DrillStack, accounts: readonly string[], seed: number) {
    this.#drill = drill;
    this.#accounts = accounts;
    this.#seed = seed;
  }

  async once(): Promise<void> {
    const account = this.#accounts[this.sent % this.#accounts.length] ?? "";
    const { body } = paymentTo(account, 1, `${this.#seed}_other_${this.sent++}`);
    const startedAt = performance.now();
    await this.#drill.clawsettle.deliver({ body: JSON.stringify(body) });
    this.latencies.push(performance.now() - startedAt);
    await sleep(PROBE_EVERY_MS);
  }

  take(): readonly number[] {
    const taken = this.latencies;
    this.latencies = [];
    return taken;
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
    // The probe's own is open for a moment now and then.
    if (open <= 1 && (states["forwarded"] ?? 0) >= events) return;
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

function slowed({ alone, draining }: Record<"alone" | "draining", number>): Disagreement[] {
  return draining <= SLOWER_BY_AT_MOST * alone
    ? []
    : [
        {
          about: "other accounts",
          what: `wait ${draining} ms at the 99th percentile, and ${alone} ms alone`,
        },
      ];
}

function p99Of(latencies: readonly number[]): number {
  return latencies.length === 0 ? 0 : Math.round(percentile(latencies, 0.99));
}
