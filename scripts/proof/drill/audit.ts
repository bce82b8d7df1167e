/**
 * The audit drill: Stripe's money in three currencies against the ledger, while deliveries are lost, events
 * never made, and settlements altered, invented, deprived of their effect and booked twice; and some refunds
 * are booked at the payment's running total. A run must find exactly these, by kind, and every sum must add
 * up; after the repair another must find only what cannot be undone, and once that is accepted, nothing.
 */
import { concurrently } from "../../../src/concurrently.ts";
import { ACCEPTABLE } from "../../../src/reconciler/findings.ts";
import type { Report } from "../../../src/reconciler/report-schema.ts";
import { PlainError } from "../../lib/failure.ts";
import { pollUntil } from "../../lib/poll.ts";
import { Random } from "../../lib/random.ts";
import type { StripeEventBody } from "../../sandbox/events/stripe-events.ts";
import { type DrillStack, openAccounts, withDrillStack } from "./drill-stack.ts";
import { type AuditOptions, type AuditPlan, type Paid, planAudit } from "./plan-audit.ts";
import { auditVerdict } from "./verdict/audit.ts";

const CHAINS_AT_ONCE = 12;
const PATIENCE = { timeoutMs: 30_000, everyMs: 500 };

export async function auditDrill(
  options: AuditOptions & { readonly seed: number },
  say: (line: string) => void,
) {
  const startedAt = performance.now();
  const sender = { firstGapMs: 500, longestGapMs: 5_000, connections: 32, seed: options.seed };
  return withDrillStack({ withStripe: true, sender }, async (drill) => {
    const plan = planAudit(new Random(options.seed), options, Date.now());
    await happen(drill, plan, options);
    say(`${options.payments} payments, ${plan.stripe.transactions.length} balance transactions at Stripe`);
    const runs: Report[] = [];
    const seconds: number[] = [];
    const run = async () => {
      const from = performance.now();
      const id = await drill.clawsettle.beginReconciliation({ ...plan.window, actor: "drill" });
      runs.push(await drill.clawsettle.reconciliationAtEnd(id));
      seconds.push(Math.round((performance.now() - from) / 100) / 10);
      say(`run ${runs.length}: ${seconds.at(-1)} s`);
    };
    await run();
    // What it has delivered may wait for the lane of its account.
    await untilSettled(drill, plan.lost);
    await run();
    await repair(drill, plan);
    await run();
    await acceptAll(drill, runs.at(-1));
    await run();
    const disagreements = auditVerdict(plan, options, runs);
    const found = runs.map(({ counts }) =>
      Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0)),
    );
    const numbers = {
      ...options,
      transactions: plan.stripe.transactions.length,
      run_seconds: seconds,
      found,
    };
    return { ...numbers, disagreements, seconds: Math.round((performance.now() - startedAt) / 1000) };
  });
}

async function happen(drill: DrillStack, plan: AuditPlan, { invented }: AuditOptions): Promise<void> {
  const { stripe, sandbox, ledger } = drill;
  if (stripe === null) throw new PlainError("The sandbox Stripe was not started.");
  await openAccounts(drill, plan.dids);
  await stripe.know(plan.listed.map((event) => JSON.stringify(event)));
  await stripe.addObjects(plan.stripe.objects);
  await concurrently(plan.deliveries, CHAINS_AT_ONCE, async (chain) => {
    for (const event of chain) await deliver(drill, event);
  });
  for (const { intent } of plan.altered) await sandbox.alterPayin(intent, { amount_minor: "1" });
  for (const { intent } of plan.effectless) await sandbox.alterPayin(intent, { latest_event_id: null });
  const book = async (id: string, paid: Paid) => {
    const { status } = await ledger.ingest(`by-hand:${id}`, settlementOf(id, paid));
    if (status !== 201) throw new PlainError(`The ledger answered ${status} to a booking by hand.`);
  };
  for (const paid of plan.twice) await book(paid.charge, paid);
  for (const [n, paid] of plan.simple.slice(0, invented).entries()) await book(`pi_invented${n}`, paid);
}

/** Stripe redelivers what is refused for now; here until it is taken. */
async function deliver({ clawsettle }: DrillStack, event: StripeEventBody): Promise<void> {
  const body = JSON.stringify(event);
  await pollUntil(`${event.id} to be taken`, PATIENCE, async () =>
    (await clawsettle.deliver({ body })).status === 200 ? true : null,
  );
}

async function untilSettled({ clawsettle }: DrillStack, payments: readonly Paid[]): Promise<void> {
  for (const event of payments.flatMap(({ events }) => events)) {
    await pollUntil(`${event.id} to heal`, PATIENCE, async () =>
      (await clawsettle.event(event.id))?.state === "failed" ? null : true,
    );
  }
}

/**
 * What an operator does: the ledger is corrected, and what no event reports
 * is booked by hand, under its own id.
 */
async function repair({ sandbox, ledger }: DrillStack, plan: AuditPlan): Promise<void> {
  for (const { intent, amount } of plan.altered)
    await sandbox.alterPayin(intent, { amount_minor: String(amount) });
  for (const { intent } of plan.effectless) {
    await sandbox.alterPayin(intent, { latest_event_id: "evt_completed" });
  }
  for (const { refund, amount } of plan.misread)
    await sandbox.alterRefund(refund, { amount_minor: String(amount) });
  for (const paid of plan.never)
    await ledger.ingest(`by-hand:${paid.intent}`, settlementOf(paid.intent, paid));
}

/** What cannot be undone: settlements too many, and what a mistaken mapping has recorded. */
async function acceptAll({ clawsettle }: DrillStack, report: Report | undefined): Promise<void> {
  if (report === undefined) return;
  for (const { key, kind } of report.differences) {
    if (!ACCEPTABLE.includes(kind)) continue;
    await clawsettle.accept(report.id, { key, actor: "drill", note: "known to stay" });
  }
}

function settlementOf(external_payment_id: string, { account, currency, amount, at }: Paid) {
  return {
    provider: "stripe",
    external_payment_id,
    direction: "payin",
    status: "confirmed",
    account_id: account,
    amount_minor: String(amount),
    currency: currency.toUpperCase(),
    network: "stripe",
    settled_at: new Date(at).toISOString(),
    metadata: {},
  };
}
