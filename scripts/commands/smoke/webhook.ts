import { runCommand } from "../../lib/command.ts";
import { PlainError } from "../../lib/failure.ts";
import { at } from "../../lib/http.ts";
import { freshDid } from "../../sandbox/clients/ledger.ts";
import { OPTIONS, SMOKE_FLAGS, smokeOptions } from "./options.ts";
import { AMOUNT_MINOR, facts, runSmoke, settledSteps, type Smoke, type Step } from "./run-smoke.ts";

const HELP = `Smoke: an event is accepted, deduplicated, refused when forged or from the wrong mode, and settled once.
${SMOKE_FLAGS}`;

const NEEDED = ["STRIPE_WEBHOOK_SIGNING_SECRET", "LEDGER_ADMIN_KEY"] as const;
const SETTLED_FIELDS = ["ok", "deduped", "forwarded_to_ledger", "event_id", "settlement_id"];

function steps(smoke: Smoke): readonly Step[] {
  const { clawsettle, ledger, payment, livemode } = smoke;
  let accountId: string | null = null;
  const account = (): string => {
    if (accountId === null) throw new PlainError("there is no account");
    return accountId;
  };
  const deliver = async () =>
    facts(await clawsettle.deliver({ body: payment.body(account()) }), ...SETTLED_FIELDS);
  return [
    {
      name: "the ledger opens an account",
      expected: { status: 201 },
      async run() {
        const answer = await ledger.createAccount(freshDid("smokewebhook"));
        const id = at(answer.body, "id");
        accountId = typeof id === "string" ? id : null;
        return facts(answer, "id");
      },
    },
    {
      name: "the event is accepted and forwarded",
      expected: { status: 200, deduped: false, forwarded_to_ledger: true },
      run: deliver,
    },
    {
      name: "its replay is deduplicated",
      expected: { status: 200, deduped: true, forwarded_to_ledger: true },
      run: deliver,
    },
    {
      name: "a body changed after signing is refused",
      expected: { status: 401, code: "SIGNATURE_INVALID" },
      async run() {
        const body = payment.body(account());
        const tamperedBody = payment.body(account(), { amount: AMOUNT_MINOR + 1 });
        return facts(await clawsettle.deliver({ body, tamperedBody }));
      },
    },
    {
      name: "an event of the other mode is refused",
      expected: { status: 422, code: "LIVEMODE_MISMATCH" },
      async run() {
        const wrongMode = { livemode: !livemode, eventId: `${payment.eventId}_wrong_mode` };
        const answer = await clawsettle.deliver({ body: payment.body(account(), wrongMode) });
        return facts(answer, "details.expected_livemode", "details.event_livemode");
      },
    },
    ...settledSteps(smoke, account),
  ];
}

await runCommand({ help: HELP, options: OPTIONS }, async (values) =>
  runSmoke("stripe-webhook", await smokeOptions(values, NEEDED), steps),
);
