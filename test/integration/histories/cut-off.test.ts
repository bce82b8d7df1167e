import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StripeEventBody } from "../../../scripts/sandbox/events/stripe-events.ts";
import type { NaturalKey } from "../../../scripts/sandbox/ledger/contract.ts";
import type { Statement } from "../../../scripts/sandbox/ledger/statements.ts";
import type { StripeAccount } from "../../../scripts/sandbox/stripe-account/stripe-account.ts";
import {
  beginHistory,
  endHistory,
  newStripeAccount,
  runAlarms,
  stateOf,
} from "../../support/play-history.ts";
import { askSandboxAsIs, availableOf, newAccount, sandboxControl } from "../../support/scripted-ledger.ts";
import { deliver, operator } from "../../support/worker.ts";

/**
 * The ledger dies in the middle of an ingest, and from then on answers that all is done. An operator sees it
 * within a minute, repairs it, and retries: in the end each effect is there once.
 */

beforeEach(() => void beginHistory(askSandboxAsIs));
afterEach(async () => {
  await sandboxControl("DELETE", "/sandbox/faults", {}, askSandboxAsIs);
  endHistory();
});

const MINUTE_MS = 60_000;

interface Movement {
  /** Delivered before, in full. */
  readonly before: readonly StripeEventBody[];
  readonly event: StripeEventBody;
  readonly key: NaturalKey;
}

const MOVEMENTS: Readonly<Record<string, (stripe: StripeAccount, account_id: string) => Movement>> = {
  payin: (stripe, account_id) => {
    stripe.pay({ amount: 1_000, metadata: { account_id } });
    const event = stripe.lastEvent("payment_intent.succeeded");
    return { before: [], event, key: keyOf(event, "payin") };
  },
  refund: (stripe, account_id) => {
    const payment = stripe.pay({ amount: 1_000, metadata: { account_id } });
    const paid = stripe.lastEvent("payment_intent.succeeded");
    payment.refund({ amount: 400 });
    const event = stripe.lastEvent("refund.created");
    return { before: [paid], event, key: keyOf(event, "refund") };
  },
  payout: (stripe, account_id) => {
    stripe.payOut({ amount: 300, metadata: { account_id } }).pay();
    const event = stripe.lastEvent("payout.paid");
    return { before: [], event, key: keyOf(event, "payout") };
  },
};

function keyOf({ data }: StripeEventBody, direction: NaturalKey["direction"]): NaturalKey {
  return { external_payment_id: String(data.object["id"]), direction };
}

/** The row is there; then the change of the balance is too, but not the ledger's event. */
const CUTS: readonly [
  kind: string,
  after: Statement,
  balances: readonly [cutOff: string, repaired: string],
][] = [
  ["payin", "insert_settlement", ["0", "1000"]],
  ["payin", "update_balance", ["1000", "1000"]],
  ["refund", "insert_settlement", ["1000", "600"]],
  ["refund", "update_balance", ["600", "600"]],
  ["payout", "insert_settlement", ["0", "0"]],
];

describe.each(CUTS)("a %s that is cut off after %s", (kind, after, [cutOff, repaired]) => {
  it("is visible within a minute, never forwarded, and after its repair booked once", async () => {
    const account = await newAccount(askSandboxAsIs);
    const { before, event, key } = MOVEMENTS[kind]!(newStripeAccount(), account);
    for (const each of before) expect((await deliver(each)).body.state).toBe("forwarded");
    await sandboxControl("POST", "/sandbox/faults", { kind: "cut_off", count: 1, after }, askSandboxAsIs);
    const begun = Date.now();
    expect((await deliver(event)).status).toBe(502);
    await runAlarms([event], begun + MINUTE_MS);
    const unproven = { state: "failed", last_error: { code: "LEDGER_EFFECT_UNPROVEN" } };
    expect(await stateOf(event)).toMatchObject(unproven);
    await runAlarms([event]);
    expect(await stateOf(event)).toMatchObject({ ...unproven, next_retry_at: null });
    expect(await availableOf(account, askSandboxAsIs)).toBe(cutOff);

    await sandboxControl("POST", "/sandbox/settlements/complete", key, askSandboxAsIs);
    const retried = await operator("POST", `/v1/admin/events/${event.id}/retry`);
    expect(retried.body).toMatchObject({
      state: "forwarded",
      evidence: { ledger_event_id: expect.any(String) },
    });
    expect((await deliver(event)).body).toMatchObject({ state: "forwarded", deduped: true });
    expect(await availableOf(account, askSandboxAsIs)).toBe(repaired);
  });
});
