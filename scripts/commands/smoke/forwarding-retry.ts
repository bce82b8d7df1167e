import { accountIdOf } from "../../lib/account-id.ts";
import { runCommand } from "../../lib/command.ts";
import { at, type Answer } from "../../lib/http.ts";
import { pollUntil } from "../../lib/poll.ts";
import { freshDid } from "../../sandbox/clients/ledger.ts";
import { OPTIONS, SMOKE_FLAGS, smokeOptions } from "./options.ts";
import { facts, type Facts, runSmoke, settledSteps, type Smoke, type Step } from "./run-smoke.ts";

const HELP = `Smoke: an event whose account does not exist fails with a retry scheduled, and is settled once the account exists.
${SMOKE_FLAGS}`;

const NEEDED = ["STRIPE_WEBHOOK_SIGNING_SECRET", "LEDGER_ADMIN_KEY", "SETTLE_ADMIN_KEY"] as const;

/** How long an attempt that the alarm began may still take. */
const ALARM_ATTEMPT = { timeoutMs: 12_000, everyMs: 200 };

function steps(smoke: Smoke): readonly Step[] {
  const { clawsettle, ledger, payment } = smoke;
  const did = freshDid("smokeretry");
  const accountId = accountIdOf(did);
  const deliver = (): Promise<Answer> => clawsettle.deliver({ body: payment.body(accountId) });
  return [
    {
      name: "without its account the event fails, with a retry scheduled",
      expected: { status: 502, code: "LEDGER_INGEST_FAILED", "details.retry_scheduled": true },
      run: async () => facts(await deliver(), ...FAILURE_FIELDS),
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

const FAILURE_FIELDS = ["details.retry_scheduled", "details.next_retry_at", "details.ledger_status"];
const RETRY_FIELDS = ["ok", "attempted", "forwarded", "failed"];

/**
 * With short local delays the alarm may forward the event between two steps. The retry then rightly finds
 * nothing to do, and the event's own log must say that it was the alarm.
 */
async function forcedRetry({ clawsettle, payment }: Smoke): Promise<Facts> {
  const retry = await clawsettle.retryForwarding(payment.eventId);
  const seen = facts(retry, ...RETRY_FIELDS);
  if (retry.status !== 200 || at(retry.body, "attempted") !== 0) return seen;

  let state: string | undefined;
  const isForwarded = await pollUntil("the alarm", ALARM_ATTEMPT, async () => {
    const event = await clawsettle.event(payment.eventId);
    state = event?.state;
    return state === "forwarded" && event?.attempt_log.at(-1)?.trigger === "alarm" ? true : null;
  }).catch(() => false);
  return isForwarded ? { ...seen, forwarded: 1, forwarded_by: "alarm" } : { ...seen, state };
}

await runCommand({ help: HELP, options: OPTIONS }, async (values) =>
  runSmoke("forwarding-retry", await smokeOptions(values, NEEDED), steps),
);
