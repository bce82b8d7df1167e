import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { EXIT_FAILED, EXIT_OK, messageOf } from "../../lib/failure.ts";
import { type Answer, at, httpClient } from "../../lib/http.ts";
import { type Clawsettle, clawsettleClient } from "../../sandbox/clients/clawsettle.ts";
import { type Ledger, ledgerClient } from "../../sandbox/clients/ledger.ts";
import type { SmokeOptions } from "./options.ts";

/** What every smoke pays in: small, and not a round number, so that it is found in a ledger. */
export const AMOUNT_MINOR = 1234;

export type Smoke = {
  readonly clawsettle: Clawsettle;
  readonly ledger: Ledger;
  readonly payment: ReturnType<typeof makePayment>;
  /** The mode that this deployment must take. */
  readonly livemode: boolean;
};

/** What a step found. Chosen field by field, so that no report holds a secret or a whole body. */
export type Facts = Readonly<Record<string, unknown>>;

export type Step = {
  readonly name: string;
  readonly expected: Facts;
  readonly run: () => Promise<Facts>;
};

/** Runs a smoke's steps and prints its report. Returns the exit code. */
export async function runSmoke(
  smokeName: string,
  options: SmokeOptions,
  stepsOf: (smoke: Smoke) => readonly Step[],
): Promise<number> {
  const { env, secrets, clawsettleUrl, ledgerUrl, resolveIp } = options;
  const started = performance.now();
  const toClawsettle = httpClient(resolveIp === null ? {} : { resolveIp });
  const toLedger = httpClient();
  const livemode = env === "prod";
  const payment = makePayment(env, livemode);
  const steps = await runSteps(
    stepsOf({
      clawsettle: clawsettleClient({
        http: toClawsettle,
        baseUrl: clawsettleUrl,
        signingSecret: secrets.STRIPE_WEBHOOK_SIGNING_SECRET,
        adminKey: secrets.SETTLE_ADMIN_KEY,
      }),
      ledger: ledgerClient({ http: toLedger, baseUrl: ledgerUrl, adminKey: secrets.LEDGER_ADMIN_KEY }),
      payment,
      livemode,
    }),
  );
  await Promise.all([toClawsettle.close(), toLedger.close()]);

  const ok = steps.every((step) => step.ok);
  const report = {
    ok,
    smoke: smokeName,
    env,
    clawsettle_base_url: clawsettleUrl.origin,
    clawsettle_resolve_ip: resolveIp,
    ledger_base_url: ledgerUrl.origin,
    event_id: payment.eventId,
    payment_id: payment.paymentId,
    ms: Math.round(performance.now() - started),
    steps,
  };
  console.log(JSON.stringify(report, null, 2));
  return ok ? EXIT_OK : EXIT_FAILED;
}

/** In order, until one fails: the later ones build on it. */
async function runSteps(steps: readonly Step[]) {
  const reports = [];
  for (const { name, expected, run } of steps) {
    const started = performance.now();
    const got = await run().catch((error: unknown): Facts => ({ error: messageOf(error) }));
    // Facts beyond the expected ones are there to be read, not to be judged.
    const ok = Object.entries(expected).every(([fact, value]) => isDeepStrictEqual(got[fact], value));
    reports.push({ name, ok, expected, got, ms: Math.round(performance.now() - started) });
    if (!ok) break;
  }
  return reports;
}

/** One payment that a smoke made up. The run is in all its ids, so that runs never meet. */
function makePayment(env: string, livemode: boolean) {
  const run = `${env}_${randomBytes(8).toString("hex")}`;
  const eventId = `evt_smoke_${run}`;
  const paymentId = `pi_smoke_${run}`;
  return {
    eventId,
    paymentId,
    /** No more than clawsettle needs: a smoke must not depend on fields that Stripe could drop. */
    body: (
      accountId: string,
      overrides: { readonly amount?: number; readonly livemode?: boolean; readonly eventId?: string } = {},
    ) =>
      JSON.stringify({
        id: overrides.eventId ?? eventId,
        type: "payment_intent.succeeded",
        livemode: overrides.livemode ?? livemode,
        data: {
          object: {
            id: paymentId,
            amount_received: overrides.amount ?? AMOUNT_MINOR,
            currency: "usd",
            metadata: { account_id: accountId },
          },
        },
      }),
  };
}

/** The status, the named fields of the body, and of a failure also its code and message. */
export function facts(answer: Answer, ...fields: readonly string[]): Facts {
  const picked: Record<string, unknown> = { status: answer.status };
  const failure = answer.status >= 400 ? ["code", "error"] : [];
  for (const field of [...fields, ...failure]) {
    const value = at(answer.body, ...field.split("."));
    if (value !== undefined) picked[field] = value;
  }
  return picked;
}

/** The two steps that both smokes end with: money arrived, and only once. */
export function settledSteps({ ledger, payment }: Smoke, accountId: () => string): readonly Step[] {
  return [
    {
      name: "the ledger has exactly one settlement, confirmed",
      expected: { status: 200, settlements: 1, "settlements.0.status": "confirmed" },
      async run() {
        const answer = await ledger.payins(payment.paymentId);
        const list = at(answer.body, "settlements");
        const settlements = Array.isArray(list) ? list.length : null;
        return { ...facts(answer, "settlements.0.status", "settlements.0.id"), settlements };
      },
    },
    {
      name: "the account was credited once",
      expected: { status: 200, "balances.available": String(AMOUNT_MINOR) },
      run: async () => facts(await ledger.account(accountId()), "balances.available"),
    },
  ];
}
