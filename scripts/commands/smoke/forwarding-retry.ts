import { setTimeout as sleep } from "node:timers/promises";
import { accountIdOf } from "../../lib/account-id.ts";
import { EXIT_OK } from "../../lib/failure.ts";
import { at, type Answer } from "../../lib/http.ts";
import { freshDid } from "../../sandbox/clients/ledger.ts";
import { runSmoke, settledSteps, type Smoke } from "./context.ts";
import { SMOKE_FLAGS, smokeOptions } from "./options.ts";
import { facts, type Facts, type Step } from "./report.ts";

const HELP = `Smoke: an event whose account does not exist fails with a retry scheduled, and is settled once the account exists.
${SMOKE_FLAGS}`;

/** How long an attempt that the alarm began may still take. */
const ALARM_ATTEMPT_MS = 12_000;
const POLL_MS = 200;

export async function main(argv: readonly string[]): Promise<number> {
  const needed = ["STRIPE_WEBHOOK_SIGNING_SECRET", "LEDGER_ADMIN_KEY", "SETTLE_ADMIN_KEY"] as const;
  const options = await smokeOptions(argv, needed);
  if (options === null) {
    console.log(HELP);
    return EXIT_OK;
  }
  return runSmoke("forwarding-retry", options, steps);
}

function steps(smoke: Smoke): readonly Step[] {
  const { clawsettle, ledger, payment } = smoke;
  const did = freshDid("smokeretry");
  const accountId = accountIdOf(did);
  const deliver = (): Promise<Answer> => clawsettle.deliver({ body: payment.body({ accountId }) });
  return [
    {
      name: "without its account the event fails, with a retry scheduled",
      expected: { status: 502, code: "LEDGER_INGEST_FAILED", "details.retry_scheduled": true },
      run: async () =>
        facts(await deliver(), ...["retry_scheduled", "next_retry_at", "ledger_status"].map(detail)),
    },
    {
      name: "the ledger opens the account, under the id that the event names",
      expected: { status: 201, id: accountId },
      run: async () => facts(await ledger.createAccount(did), "id"),
    },
    {
      name: "a forced retry forwards it",
      expected: { status: 200, ok: true, forwarded: 1, failed: 0 },
      run: () => forcedRetry(smoke),
    },
    {
      name: "a second retry finds nothing to do",
      expected: { status: 200, ok: true, attempted: 0, forwarded: 0, failed: 0 },
      run: async () => facts(await clawsettle.retryForwarding(payment.eventId), ...RETRY_FIELDS),
    },
    {
      name: "its replay is deduplicated",
      expected: { status: 200, deduped: true, forwarded_to_ledger: true },
      run: async () => facts(await deliver(), "deduped", "forwarded_to_ledger", "settlement_id"),
    },
    ...settledSteps(smoke, () => accountId),
  ];
}

const RETRY_FIELDS = ["ok", "attempted", "forwarded", "failed"];

function detail(name: string): string {
  return `details.${name}`;
}

/**
 * With short local delays the alarm may forward the event between two steps. The retry then rightly finds nothing
 * to do, and the event's own log must say that it was the alarm.
 */
async function forcedRetry({ clawsettle, payment }: Smoke): Promise<Facts> {
  const retry = await clawsettle.retryForwarding(payment.eventId);
  const seen = facts(retry, ...RETRY_FIELDS);
  if (retry.status !== 200 || at(retry.body, "attempted") !== 0) return seen;

  const deadline = performance.now() + ALARM_ATTEMPT_MS;
  for (;;) {
    const { body } = await clawsettle.event(payment.eventId);
    const log = at(body, "attempt_log");
    const last: unknown = Array.isArray(log) ? log.at(-1) : null;
    if (at(body, "state") === "forwarded" && at(last, "trigger") === "alarm") {
      return { ...seen, forwarded: 1, forwarded_by: "alarm" };
    }
    if (performance.now() > deadline) return { ...seen, state: at(body, "state") };
    await sleep(POLL_MS);
  }
}
