/** Events, one a row: what a list and the overview show. */
import type { EventRow } from "../../operators/events.ts";
import { formatMoney } from "../../format-money.ts";
import { EventBadge } from "./event-badge.tsx";
import { type Column, Table } from "./data-table.tsx";
import { relative, Time } from "./time.tsx";

export function eventPath(eventId: string): string {
  return `/console/events/${encodeURIComponent(eventId)}`;
}

export function EventTable(props: { caption: string; events: readonly EventRow[]; now: number }) {
  const { caption, events, now } = props;
  const columns: Column<EventRow>[] = [
    { name: "State", of: (event) => <EventBadge event={event} /> },
    {
      name: "Event",
      of: (event) => (
        <>
          <a id={`row-${event.event_id}`} href={eventPath(event.event_id)}>
            <code>{event.event_id}</code>
          </a>
          <span class="under">{event.event_type}</span>
        </>
      ),
    },
    { name: "Amount", of: Amount, isNumber: true },
    {
      name: "Payment and account",
      of: (event) => (
        <>
          <code>{event.payment_id ?? "none"}</code>
          <span class="under">
            <code>{event.account_id ?? (event.payment_id === null ? "" : "account not known yet")}</code>
          </span>
        </>
      ),
    },
    { name: "Received (UTC)", of: (event) => <Time at={event.received_at} now={now} /> },
    { name: "Attempts", of: (event) => <Attempts event={event} now={now} />, isNumber: true },
  ];
  return <Table caption={caption} columns={columns} rows={events} hideCaption />;
}

function Amount({ amount_minor, currency }: EventRow) {
  if (amount_minor === null || currency === null) return <span class="quiet">none</span>;
  return <span class="money">{formatMoney(amount_minor, currency)}</span>;
}

function Attempts({ event, now }: { event: EventRow; now: number }) {
  const { attempts, next_retry_at } = event;
  return (
    <>
      {attempts}
      {next_retry_at !== null && <span class="under">next {relative(next_retry_at, now)}</span>}
    </>
  );
}
