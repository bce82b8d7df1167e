/**
 * What an operator is about to have booked: the object that moved, as Stripe has it, and what becomes of it.
 */
import type { MoneyDelivery } from "../../operators/deliver-money.ts";
import { formatMoney } from "../../format-money.ts";
import type { Session } from "../session.ts";
import { Csrf } from "../ui/layout.tsx";
import { runPath } from "../ui/run.tsx";
import { Fact } from "../ui/time.tsx";

export function MoneyDeliveryContent(props: {
  runId: string;
  /** Of the difference. */
  differenceKey: string;
  delivery: MoneyDelivery;
  session: Session;
}) {
  const { runId, differenceKey, delivery, session } = props;
  const { event_id, event_type, transaction_id, settlement, object } = delivery;
  return (
    <>
      <p class="crumb">
        <a href={runPath(runId)}>The reconciliation</a>
      </p>
      <div class="head event-title">
        <h1>
          Book <code>{transaction_id}</code>
        </h1>
      </div>
      <section aria-label="What would be sent">
        <dl class="facts">
          <Fact name="Event">
            <code>{event_id}</code>, {event_type}
          </Fact>
          <Fact name="Settlement">
            {settlement.direction} <code>{settlement.external_payment_id}</code>, {settlement.status}
          </Fact>
          <Fact name="Amount">{formatMoney(settlement.amount_minor, settlement.currency)}</Fact>
          <Fact name="Account">
            {settlement.account_id === undefined ? "to be found out" : <code>{settlement.account_id}</code>}
          </Fact>
        </dl>
        <form method="post" action={`${runPath(runId)}/deliver`}>
          <Csrf session={session} />
          <input type="hidden" name="key" value={differenceKey} />
          <p>
            Stripe made no event of it. This one is kept with your name. Should Stripe's own event come after
            all, it is booked once.
          </p>
          <label>
            Why
            <input name="note" required maxlength={2_000} autocomplete="off" />
          </label>
          <button type="submit">Send it to the ledger</button>
        </form>
      </section>
      <section aria-labelledby="object-title">
        <h2 id="object-title">At Stripe</h2>
        <pre>{JSON.stringify(object, null, 2)}</pre>
      </section>
    </>
  );
}
