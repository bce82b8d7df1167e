/** A small day's events for the pictures: some settled, some waiting, one for each kind of trouble. */
import { PlainError } from "../../lib/failure.ts";
import { newAccount } from "../../sandbox/clients/ledger.ts";
import type { StackClients } from "../../sandbox/stack/stack-clients.ts";
import {
  chargeRefunded,
  disputeFundsWithdrawn,
  paymentIntentSucceeded,
  payoutPaid,
  stripeEvent,
  type StripeEventBody,
} from "../../sandbox/events/stripe-events.ts";

export interface Examples {
  /** Waits for its retry: the ledger was down. */
  readonly waiting: string;
  /** The ledger refused it for good. */
  readonly refused: string;
  /** A reconciliation that found a lost delivery, and a settlement that somebody had changed. */
  readonly run: string;
}

export async function makeExamples({ clawsettle, ledger, sandbox, stripe }: StackClients): Promise<Examples> {
  if (stripe === null) throw new PlainError("The sandbox Stripe was not started.");
  const account_id = await newAccount(ledger, "pictures");
  const send = async (...events: StripeEventBody[]) => {
    await stripe.know(events.map((event) => JSON.stringify(event)));
    for (const event of events) await clawsettle.deliver({ body: JSON.stringify(event) });
  };
  // A minute ago, so that a reconciliation finds them behind it.
  const created = Math.floor(Date.now() / 1_000) - 60;
  const paid = (amount: number, currency: string) =>
    paymentIntentSucceeded({ account_id, amount, currency }, { created });
  await send(
    paid(129_900, "usd"),
    paid(4_950, "usd"),
    paid(82_000, "jpy"),
    paid(15_750, "eur"),
    chargeRefunded({ account_id, amount: 4_950, currency: "usd" }),
    payoutPaid({ account_id, amount: 90_000, currency: "usd" }),
    stripeEvent("customer.created", { id: "cus_1", object: "customer" }),
    // Nobody's account: it cannot become a settlement.
    stripeEvent("payment_intent.succeeded", {
      id: "pi_3QnNoAccount",
      object: "payment_intent",
      amount_received: 2_500,
      currency: "usd",
      metadata: {},
    }),
  );
  const refused = paid(64_000, "usd");
  await sandbox.addFault({ kind: "reject", status: 409, code: "DUPLICATE_CONFLICT", count: 1 });
  await send(refused);
  const waiting = paid(248_050, "eur");
  await sandbox.addFault({ kind: "down" });
  await send(
    waiting,
    disputeFundsWithdrawn({ account_id, amount: 7_900, currency: "gbp" }),
    paid(990, "usd"),
  );
  await sandbox.clearFaults();
  const altered = paid(31_500, "usd");
  await send(altered);
  await sandbox.alterPayin(String(altered.data.object["id"]), { amount_minor: "3150" });
  await stripe.know([JSON.stringify(paid(72_000, "usd"))]);
  return { waiting: waiting.id, refused: refused.id, run: await reconcileLastHour(clawsettle) };
}

/** Returns the run's id, once it is over. */
async function reconcileLastHour(clawsettle: StackClients["clawsettle"]): Promise<string> {
  const now = Date.now();
  const [from, to] = [new Date(now - 3_600_000).toISOString(), new Date(now).toISOString()];
  const id = await clawsettle.beginReconciliation({ from, to, actor: "Ada Lovelace" });
  const { status } = await clawsettle.reconciliationAtEnd(id);
  if (status !== "complete") throw new PlainError(`The reconciliation is ${status}.`);
  return id;
}
