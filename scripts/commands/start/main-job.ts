import { PlainError } from "../../lib/failure.ts";
import { at, type Answer } from "../../lib/http.ts";
import { newAccount } from "../../sandbox/clients/ledger.ts";
import { pollUntil } from "../../lib/poll.ts";
import { paymentIntentSucceeded } from "../../sandbox/events/stripe-events.ts";
import type { StackClients } from "../../sandbox/stack/stack-clients.ts";

const FIRST_AMOUNT_MINOR = 1234;
const SECOND_AMOUNT_MINOR = 2900;
const TYPE = "payment_intent.succeeded";

/** The local backoff starts at 2 s; a slow machine may take its time with the attempt itself. */
const ALARM = { timeoutMs: 30_000, everyMs: 100 };

type JobStep = ReturnType<typeof step>;

/** `run` gives what came back, in one line; it throws when that is not what it should be. */
function step(title: string, sent: string, run: () => Promise<string>) {
  return { title, sent, run };
}

type Job = StackClients & {
  readonly account: { id: string };
  /** The two payments. Built once the account exists, and the same ones in every step. */
  readonly first: () => Payment;
  readonly second: () => Payment;
};

type Payment = { readonly eventId: string; readonly body: string };

/** The main job of the service, on the real parts. Each step builds on the ones before it. */
export function mainJob(clients: StackClients) {
  const account = { id: "" };
  const payment = (amount: number) => {
    let built: Payment | undefined;
    return () => (built ??= paymentOf(account.id, amount));
  };
  const [first, second] = [payment(FIRST_AMOUNT_MINOR), payment(SECOND_AMOUNT_MINOR)];
  const job: Job = { ...clients, account, first, second };
  const steps = [accountStep(job), ...deliverySteps(job), ...outageSteps(job), balanceStep(job)];
  return { steps, lastEventId: () => second().eventId };
}

function paymentOf(account_id: string, amount: number): Payment {
  const event = paymentIntentSucceeded({ account_id, amount });
  return { eventId: event.id, body: JSON.stringify(event) };
}

/** The sandbox Stripe lists the event, and clawsettle gets it. */
async function happen({ stripe, clawsettle }: Job, { body }: Payment): Promise<Answer> {
  await stripe?.know([body]);
  return clawsettle.deliver({ body });
}

function accountStep({ ledger, sandbox, account }: Job): JobStep {
  return step("account created", "POST /accounts to the ledger", async () => {
    // A fault that an earlier run left switched on would meet the payments below.
    await sandbox.clearFaults();
    account.id = await newAccount(ledger, "start");
    return `201, ${account.id}`;
  });
}

function deliverySteps(job: Job): readonly JobStep[] {
  const { clawsettle, sandbox, account, first } = job;
  return [
    step("event forwarded", `${TYPE} over ${money(FIRST_AMOUNT_MINOR)}, signed`, async () => {
      const answer = await happen(job, first());
      expect(answer, 200, { state: "forwarded", deduped: false });
      return `200, forwarded, settlement ${String(at(answer.body, "settlement_id"))}`;
    }),
    step("replay deduplicated", "the same event again", async () => {
      const answer = await clawsettle.deliver(first());
      expect(answer, 200, { state: "forwarded", deduped: true });
      const requests = await sandbox.requests(String(at(answer.body, "idempotency_key")));
      if (requests.length !== 1) throw mismatch(answer, `the ledger got ${requests.length} requests`);
      return "200, deduped, the ledger was not asked again";
    }),
    step("tampered body refused", "an amount changed after signing", async () => {
      const { body } = paymentOf(account.id, 100);
      const tamperedBody = body.replaceAll(":100,", ":999900,");
      expect(await clawsettle.deliver({ body, tamperedBody }), 401, { code: "SIGNATURE_INVALID" });
      return "401 SIGNATURE_INVALID";
    }),
    step("live money refused", "a live-mode event, well signed, to this test stack", async () => {
      const livemode = true;
      const event = paymentIntentSucceeded({ account_id: account.id, livemode }, { livemode });
      const answer = await clawsettle.deliver({ body: JSON.stringify(event) });
      expect(answer, 422, { code: "LIVEMODE_MISMATCH" });
      return "422 LIVEMODE_MISMATCH";
    }),
  ];
}

function outageSteps(job: Job): readonly JobStep[] {
  const { clawsettle, sandbox, second } = job;
  return [
    step(
      "ledger down",
      `${TYPE} over ${money(SECOND_AMOUNT_MINOR)}, while the ledger answers 503`,
      async () => {
        await sandbox.addFault({ kind: "down" });
        const answer = await happen(job, second());
        expect(answer, 502, { code: "LEDGER_INGEST_FAILED" });
        const nextRetryAt = at(answer.body, "details", "next_retry_at");
        if (typeof nextRetryAt !== "string") throw mismatch(answer, "no retry is scheduled");
        return `502 LEDGER_INGEST_FAILED, next try in ${secondsUntil(nextRetryAt)} s`;
      },
    ),
    step("ledger back", "nothing: the event's own alarm tries again", async () => {
      await sandbox.clearFaults();
      const event = await pollUntil("the alarm to forward the event", ALARM, async () => {
        const found = await clawsettle.event(second().eventId);
        return found?.state === "forwarded" ? found : null;
      });
      return `forwarded by the ${event.attempt_log.at(-1)?.trigger}, attempt ${event.attempts}`;
    }),
  ];
}

function balanceStep({ ledger, account }: Job): JobStep {
  return step("books are right", "GET the account from the ledger", async () => {
    const answer = await ledger.account(account.id);
    const total = FIRST_AMOUNT_MINOR + SECOND_AMOUNT_MINOR;
    if (at(answer.body, "balances", "available") !== String(total)) {
      throw mismatch(answer, `balance is not ${total}`);
    }
    return `${money(total)} = ${money(FIRST_AMOUNT_MINOR)} + ${money(SECOND_AMOUNT_MINOR)}, each credited once`;
  });
}

function expect(answer: Answer, status: number, fields: Readonly<Record<string, unknown>>): void {
  const agrees = Object.entries(fields).every(([field, value]) => at(answer.body, field) === value);
  if (answer.status === status && agrees) return;
  throw mismatch(answer, `expected ${status} ${JSON.stringify(fields)}`);
}

function mismatch(answer: Answer, why: string): PlainError {
  return new PlainError(`${why}; came back: ${answer.status} ${JSON.stringify(answer.body)}`);
}

function money(minor: number): string {
  return `${(minor / 100).toFixed(2)} USD`;
}

function secondsUntil(time: string): string {
  return (Math.max(0, Date.parse(time) - Date.now()) / 1000).toFixed(1);
}
