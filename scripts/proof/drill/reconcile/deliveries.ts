/** The drill's deliveries: the sandbox Stripe only lists its events, and sends none. */
import { concurrently } from "../../../../src/concurrently.ts";
import type { TempStack } from "../../../sandbox/stack/temp-stack.ts";
import { PlainError } from "../../../lib/failure.ts";
import { pollUntil } from "../../../lib/poll.ts";
import type { SandboxStripe } from "../../../sandbox/clients/sandbox-stripe.ts";
import type { StripeEventBody } from "../../../sandbox/events/stripe-events.ts";
import type { Story } from "./plan-histories.ts";

const AT_ONCE = 32;
const KNOWN_AT_ONCE = 500;
/** Of what has arrived. */
const EVERY_NTH_COMES_AGAIN = 4;

/** Stripe lists them from now on. */
export async function know(stripe: SandboxStripe, events: readonly StripeEventBody[]): Promise<void> {
  for (let from = 0; from < events.length; from += KNOWN_AT_ONCE) {
    await stripe.know(events.slice(from, from + KNOWN_AT_ONCE).map((event) => JSON.stringify(event)));
  }
}

export async function deliverArrived(temp: TempStack, { arrived }: Story): Promise<void> {
  await concurrently(arrived, AT_ONCE, (event) => deliver(temp, event));
}

/** New payments come in, and those that are known come again: Stripe does not wait for us. */
export async function deliverLive(
  temp: TempStack,
  stripe: SandboxStripe,
  { live, arrived }: Story,
): Promise<void> {
  await know(stripe, live);
  for (const [n, event] of live.entries()) {
    await untilAccepted(temp, event);
    const again = arrived[n];
    if (again !== undefined && n % EVERY_NTH_COMES_AGAIN === 0) await deliver(temp, again).catch(() => null);
  }
}

/** As Stripe does: again, until it is taken. */
async function untilAccepted(temp: TempStack, event: StripeEventBody): Promise<void> {
  const patience = { timeoutMs: 120_000, everyMs: 200 };
  await pollUntil(`${event.id} to be taken`, patience, () => deliver(temp, event).catch(() => null));
}

async function deliver({ clawsettle }: TempStack, event: StripeEventBody): Promise<true> {
  const answer = await clawsettle.deliver({ body: JSON.stringify(event) });
  if (answer.status !== 200) throw new PlainError(`${event.id} was answered ${answer.status}`);
  return true;
}
