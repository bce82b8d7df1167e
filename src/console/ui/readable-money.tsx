/** What can be read of an event's money, also of one that has no settlement. */
import type { EventState } from "../../event/event-state.ts";
import { formatMoney } from "../../format-money.ts";
import { sourcePaymentOf } from "../../settlement/settlement.ts";
import { Fact } from "./time.tsx";

/** null: the amount or its currency is not known. */
export function moneyText({ settlement, money }: EventState): string | null {
  const { amount_minor, currency } = settlement ?? money ?? {};
  return amount_minor === undefined || currency === undefined ? null : formatMoney(amount_minor, currency);
}

/** In a row, or one below the other. */
export function ReadableFacts({ event, inRow = false }: { event: EventState; inRow?: boolean }) {
  const { settlement, money } = event;
  const { direction, external_payment_id } = settlement ?? money ?? {};
  const source_payment_id = settlement === null ? money?.source_payment_id : sourcePaymentOf(settlement);
  return (
    <dl class={inRow ? "facts row" : "facts"}>
      <Fact name="Amount">
        <span class="money">{moneyText(event) ?? "unknown"}</span>
      </Fact>
      <Fact name="Direction">{direction ?? "unknown"}</Fact>
      <Fact name="Movement">
        {external_payment_id === undefined ? "unknown" : <code>{external_payment_id}</code>}
      </Fact>
      {source_payment_id != null && source_payment_id !== external_payment_id && (
        <Fact name="Of the payment">
          <code>{source_payment_id}</code>
        </Fact>
      )}
    </dl>
  );
}
