import { PlainError } from "../../lib/failure.ts";
import { at, type Answer, type HttpClient } from "../../lib/http.ts";
import { clawsettleClient, type Clawsettle } from "../../sandbox/clients/clawsettle.ts";
import { ledgerClient, newAccount, type Ledger } from "../../sandbox/clients/ledger.ts";
import { pollUntil } from "../../lib/poll.ts";
import { sandboxClient, type Sandbox } from "../../sandbox/clients/sandbox-ledger.ts";
import { sandboxStripeClient } from "../../sandbox/clients/sandbox-stripe.ts";
import { paymentIntentSucceeded } from "../../sandbox/events/stripe-events.ts";
import type { Stack } from "../../sandbox/stack/stack.ts";

const FIRST_AMOUNT_MINOR = 1234;
const SECOND_AMOUNT_MINOR = 2900;
const TYPE = "payment_intent.succeeded";

/** The local backoff starts at 2 s; a slow machine may take its time with the attempt itself. */
const ALARM_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

export type Scene = {
  readonly title: string;
  readonly sent: string;
  /** Gives what came back, in one line; throws when it is not what it should be. */
  readonly play: () => Promise<string>;
};

/** What was made during the story and is worth a look afterwards. */
export type Ending = { accountId: string; eventId: string };

type Cast = {
  readonly clawsettle: Clawsettle;
  /** At Stripe, which tells of it. */
  readonly happens: (body: string) => Promise<Answer>;
  readonly ledger: Ledger;
  readonly sandbox: Sandbox;
  readonly ending: Ending;
};

/** The main job of the service, played on the real parts. Each scene builds on the ones before it. */
export function story(stack: Stack, http: HttpClient): { scenes: readonly Scene[]; ending: Ending } {
  const { secrets, clawsettleUrl, ledgerUrl, stripeUrl } = stack;
  const ledgerAccess = { http, baseUrl: ledgerUrl, adminKey: secrets.LEDGER_ADMIN_KEY };
  const clawsettle = clawsettleClient({
    http,
    baseUrl: clawsettleUrl,
    signingSecret: secrets.STRIPE_WEBHOOK_SIGNING_SECRET,
    adminKey: secrets.SETTLE_ADMIN_KEY,
  });
  const apiKey = secrets["STRIPE_API_KEY"] ?? "";
  const stripe = stripeUrl === null ? null : sandboxStripeClient({ http, baseUrl: stripeUrl, apiKey });
  const cast: Cast = {
    clawsettle,
    async happens(body) {
      await stripe?.know([body]);
      return clawsettle.deliver({ body });
    },
    ledger: ledgerClient(ledgerAccess),
    sandbox: sandboxClient(ledgerAccess),
    ending: { accountId: "", eventId: "" },
  };
  const scenes = [accountScene(cast), ...deliveryScenes(cast), ...outageScenes(cast), balanceScene(cast)];
  return { scenes, ending: cast.ending };
}

function accountScene({ ledger, sandbox, ending }: Cast): Scene {
  return {
    title: "account created",
    sent: "POST /accounts to the ledger",
    async play() {
      // A fault that an earlier run left switched on would spoil the story.
      await sandbox.clearFaults();
      ending.accountId = await newAccount(ledger, "story");
      return `201, ${ending.accountId}`;
    },
  };
}

function deliveryScenes({ clawsettle, happens, sandbox, ending }: Cast): readonly Scene[] {
  const first = once(() =>
    paymentIntentSucceeded({ account_id: ending.accountId, amount: FIRST_AMOUNT_MINOR }),
  );
  return [
    {
      title: "event forwarded",
      sent: `${TYPE} over ${money(FIRST_AMOUNT_MINOR)}, signed`,
      async play() {
        ending.eventId = first().id;
        const answer = await happens(JSON.stringify(first()));
        expect(answer, 200, { state: "forwarded", deduped: false });
        return `200, forwarded, settlement ${String(at(answer.body, "settlement_id"))}`;
      },
    },
    {
      title: "replay deduplicated",
      sent: "the same event again",
      async play() {
        const answer = await clawsettle.deliver({ body: JSON.stringify(first()) });
        expect(answer, 200, { state: "forwarded", deduped: true });
        const requests = await sandbox.requests(String(at(answer.body, "idempotency_key")));
        if (requests.length !== 1) throw mismatch(answer, `the ledger got ${requests.length} requests`);
        return "200, deduped, the ledger was not asked again";
      },
    },
    {
      title: "tampered body refused",
      sent: "an amount changed after signing",
      async play() {
        const body = JSON.stringify(paymentIntentSucceeded({ account_id: ending.accountId, amount: 100 }));
        const tamperedBody = body.replaceAll(":100,", ":999900,");
        expect(await clawsettle.deliver({ body, tamperedBody }), 401, { code: "SIGNATURE_INVALID" });
        return "401 SIGNATURE_INVALID";
      },
    },
    {
      title: "live money refused",
      sent: "a live-mode event, well signed, to this test stack",
      async play() {
        const event = paymentIntentSucceeded(
          { account_id: ending.accountId, livemode: true },
          { livemode: true },
        );
        const answer = await clawsettle.deliver({ body: JSON.stringify(event) });
        expect(answer, 422, { code: "LIVEMODE_MISMATCH" });
        return "422 LIVEMODE_MISMATCH";
      },
    },
  ];
}

function outageScenes({ clawsettle, happens, sandbox, ending }: Cast): readonly Scene[] {
  const second = once(() =>
    paymentIntentSucceeded({ account_id: ending.accountId, amount: SECOND_AMOUNT_MINOR }),
  );
  return [
    {
      title: "ledger down",
      sent: `${TYPE} over ${money(SECOND_AMOUNT_MINOR)}, while the ledger answers 503`,
      async play() {
        await sandbox.addFault({ kind: "down" });
        ending.eventId = second().id;
        const answer = await happens(JSON.stringify(second()));
        expect(answer, 502, { code: "LEDGER_INGEST_FAILED" });
        const nextRetryAt = at(answer.body, "details", "next_retry_at");
        if (typeof nextRetryAt !== "string") throw mismatch(answer, "no retry is scheduled");
        return `502 LEDGER_INGEST_FAILED, next try in ${secondsUntil(nextRetryAt)} s`;
      },
    },
    {
      title: "ledger back",
      sent: "nothing: the event's own alarm tries again",
      async play() {
        await sandbox.clearFaults();
        const options = { timeoutMs: ALARM_TIMEOUT_MS, everyMs: POLL_MS };
        const event = await pollUntil("the alarm to forward the event", options, async () => {
          const answer = await clawsettle.event(second().id);
          return at(answer.body, "state") === "forwarded" ? answer.body : null;
        });
        const log = at(event, "attempt_log");
        const trigger = at(Array.isArray(log) ? log.at(-1) : null, "trigger");
        return `forwarded by the ${String(trigger)}, attempt ${String(at(event, "attempts"))}`;
      },
    },
  ];
}

function balanceScene({ ledger, ending }: Cast): Scene {
  return {
    title: "books are right",
    sent: "GET the account from the ledger",
    async play() {
      const answer = await ledger.account(ending.accountId);
      const expected = String(FIRST_AMOUNT_MINOR + SECOND_AMOUNT_MINOR);
      if (at(answer.body, "balances", "available") !== expected)
        throw mismatch(answer, `balance is not ${expected}`);
      const total = money(FIRST_AMOUNT_MINOR + SECOND_AMOUNT_MINOR);
      return `${total} = ${money(FIRST_AMOUNT_MINOR)} + ${money(SECOND_AMOUNT_MINOR)}, each credited once`;
    },
  };
}

function expect(answer: Answer, status: number, fields: Readonly<Record<string, unknown>>): void {
  const agrees = Object.entries(fields).every(([field, value]) => at(answer.body, field) === value);
  if (answer.status === status && agrees) return;
  throw mismatch(answer, `expected ${status} ${JSON.stringify(fields)}`);
}

function mismatch(answer: Answer, why: string): PlainError {
  return new PlainError(`${why}; came back: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** The event must be built after the account exists, and be the same one in every scene. */
function once<T>(build: () => T): () => T {
  let built: T | undefined;
  return () => (built ??= build());
}

function money(minor: number): string {
  return `${(minor / 100).toFixed(2)} USD`;
}

function secondsUntil(time: string): string {
  return (Math.max(0, Date.parse(time) - Date.now()) / 1000).toFixed(1);
}
