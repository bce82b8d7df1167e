/**
 * The ledger drill: payments to a few accounts, many at once, while the ledger, which works statement by
 * statement, is killed with `kill -9` again and again. What it lost must stand in front of an operator; after
 * the operator has completed it there and tried again, every balance is exact.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Audit } from "../../sandbox/ledger/audit.ts";
import { newAccount } from "../../sandbox/clients/ledger.ts";
import { Random } from "../../lib/random.ts";
import { type DrillStack, withDrillStack } from "./drill-stack.ts";
import { type Payment, paymentTo } from "./payment.ts";
import type { Disagreement } from "./verdict/disagreement.ts";
import { untilNothingHeals } from "./until-nothing-heals.ts";

interface LedgerDrillOptions {
  readonly payments: number;
  readonly accounts: number;
  readonly kills: number;
  readonly seed: number;
}

const VARS = {
  LEDGER_TIMEOUT_MS: "3000",
  LEDGER_QUIET_MS: "6000",
  FORWARDING_RETRY_BASE_SECONDS: "2",
  FORWARDING_RETRY_MAX_SECONDS: "15",
};
const AT_ONCE = 24;
const SENDER = { firstGapMs: 3_000, longestGapMs: 15_000, connections: AT_ONCE };
const LEAST_DOWN_MS = 200;
const MOST_DOWN_MS = 2_500;
const POLL_MS = 5;
/** Beyond the shares that the kills divide the payments into. */
const MOST_JITTER = 0.4;

export async function ledgerDrill(options: LedgerDrillOptions, say: (line: string) => void) {
  const startedAt = performance.now();
  const random = new Random(options.seed);
  return withDrillStack({ vars: VARS, sender: { ...SENDER, seed: options.seed } }, async (drill) => {
    const accounts: string[] = [];
    while (accounts.length < options.accounts) accounts.push(await newAccount(drill.ledger, "drill"));
    const payments = Array.from({ length: options.payments }, (_, n) =>
      paymentTo(
        accounts[random.whole(0, accounts.length - 1)] as string,
        random.whole(1, 10_000),
        `${options.seed}_${n}`,
      ),
    );
    for (const payment of payments) drill.sender.send(payment);
    await killLedger(drill, options, random, say);
    say("the kills are over; waiting for what can heal");
    await untilNothingHeals(drill.clawsettle, payments.length);
    await drill.sender.stop();
    const before = await compared(drill, payments);
    say(`${before.failed.length} stand failed; an operator completes them at the ledger, and tries again`);
    for (const { id, paymentId } of before.failed) {
      await drill.sandbox.completeEffect({
        external_payment_id: paymentId,
        direction: "payin",
      });
      await drill.clawsettle.retry(id);
    }
    await untilNothingHeals(drill.clawsettle, payments.length);
    const after = await compared(drill, payments);
    const disagreements = [...before.disagreements, ...after.disagreements, ...stillFailed(after.failed)];
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    return { options, failed: before.failed.length, credited: before.credited, disagreements, seconds };
  });
}

/** Each kill comes while requests are on their way, at another moment of them. */
async function killLedger(
  { stack, sender }: DrillStack,
  { kills, payments }: LedgerDrillOptions,
  random: Random,
  say: (line: string) => void,
): Promise<void> {
  for (let kill = 1; kill <= kills; kill++) {
    const share = (kill - random.next() * MOST_JITTER) / (kills + 1);
    while (accepted(sender) < share * payments) await sleep(POLL_MS);
    await sleep(random.whole(0, 60));
    await stack.killLedger();
    await sleep(random.whole(LEAST_DOWN_MS, MOST_DOWN_MS));
    await stack.restartLedger();
    say(`kill ${kill} of ${kills}: ${accepted(sender)} of ${payments} payments are settled`);
  }
}

function accepted(sender: DrillStack["sender"]): number {
  return [...sender.delivered.values()].filter((delivered) => delivered.accepted).length;
}

/** What the ledger's accounts hold, against what clawsettle says was forwarded. */
async function compared({ sandbox, clawsettle }: DrillStack, payments: readonly Payment[]) {
  const [audit, rows] = [await sandbox.audit(), await clawsettle.events()];
  const forwarded = new Set(rows.flatMap(({ event_id, state }) => (state === "forwarded" ? event_id : [])));
  const failed = payments.filter(({ id }) => !forwarded.has(id));
  const codes = new Map(rows.map(({ event_id, error_code }) => [event_id, error_code]));
  const disagreements: Disagreement[] = [
    ...failed.flatMap(({ id }) =>
      codes.get(id) === "LEDGER_EFFECT_UNPROVEN" ? [] : [{ about: id, what: `failed as ${codes.get(id)}` }],
    ),
    ...lostSilently(audit, new Set(failed.map(({ paymentId }) => paymentId))),
    ...wrongBalances(audit, payments, forwarded),
  ];
  const credited = new Set(
    audit.incomplete.flatMap((one) => (one.balance_changed ? one.external_payment_id : [])),
  );
  return {
    failed,
    disagreements,
    credited: failed.filter(({ paymentId }) => credited.has(paymentId)).length,
  };
}

/** A settlement without its effect, of an event that does not stand failed. */
function lostSilently({ incomplete }: Audit, failed: ReadonlySet<string>): Disagreement[] {
  return incomplete.flatMap(({ external_payment_id, balance_changed, latest_event_id }) =>
    failed.has(external_payment_id) || (balance_changed && latest_event_id !== null)
      ? []
      : [{ about: external_payment_id, what: "has no effect at the ledger, and its event does not say so" }],
  );
}

/** A balance is what was forwarded, and of what stands failed as much as the ledger credited all the same. */
function wrongBalances(
  { accounts, incomplete }: Audit,
  payments: readonly Payment[],
  forwarded: ReadonlySet<string>,
): Disagreement[] {
  const credited = new Set(incomplete.flatMap((one) => (one.balance_changed ? one.external_payment_id : [])));
  return accounts.flatMap(({ account_id, held }) => {
    const due = payments
      .filter(({ account }) => account === account_id)
      .filter(({ id, paymentId }) => forwarded.has(id) || credited.has(paymentId))
      .reduce((sum, { amount }) => sum + amount, 0);
    const has = Number(held["USD"] ?? 0);
    return has === due ? [] : [{ about: account_id, what: `holds ${has}, and ${due} was settled` }];
  });
}

function stillFailed(failed: readonly Payment[]): Disagreement[] {
  return failed.map(({ id }) => ({ about: id, what: "stands failed after its effect was completed" }));
}
