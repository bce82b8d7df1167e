/** What a reconciliation has found: the sums of the three sides, and each difference. */
import { ACCEPTABLE, type Difference, type Kind, KINDS, MEANINGS } from "../../reconciler/findings.ts";
import type { Total } from "../../reconciler/totals.ts";
import { formatMoney } from "../../format-money.ts";
import type { ListedDifference, Report } from "../../reconciler/report-schema.ts";
import type { Session } from "../session.ts";
import { Csrf } from "../ui/layout.tsx";
import { eventPath } from "../ui/event-table.tsx";
import { kindLabel, runPath } from "../ui/run.tsx";
import { type Column, Table } from "../ui/data-table.tsx";
import { Fact, utc } from "../ui/time.tsx";

export function Totals({ report: { totals, status } }: { report: Report }) {
  return (
    <>
      <h2 id="totals-title">Sums</h2>
      {totals.length === 0 ? (
        <p class="empty">{status === "running" ? "None yet." : "No money moved in this window."}</p>
      ) : (
        <Table caption="Sums of the three sides" columns={TOTAL_COLUMNS} rows={totals} hideCaption />
      )}
    </>
  );
}

const TOTAL_COLUMNS: readonly Column<Total>[] = [
  { name: "Money", of: ({ direction, status, currency }) => `${currency} ${direction}, ${status}` },
  { name: "At Stripe", of: (total) => <SideSum total={total} side="stripe" />, isNumber: true },
  { name: "At clawsettle", of: (total) => <SideSum total={total} side="clawsettle" />, isNumber: true },
  { name: "At the ledger", of: (total) => <SideSum total={total} side="ledger" />, isNumber: true },
];

/** Stripe's side is the measure of the other two. */
function SideSum({ total, side }: { total: Total; side: "stripe" | "clawsettle" | "ledger" }) {
  const { count, amount_minor } = total[side];
  const differs = count !== total.stripe.count || amount_minor !== total.stripe.amount_minor;
  return (
    <span class={differs ? "differs" : undefined}>
      {formatMoney(amount_minor, total.currency)}{" "}
      <span class="under">
        {count === 1 ? "1 event" : `${count} events`}
        {differs && ", differs"}
      </span>
    </span>
  );
}

export function Found({ report, session }: { report: Report; session: Session }) {
  const { id, counts, accepted, differences, differences_truncated, next_cursor } = report;
  const kinds = KINDS.filter((kind) => counts[kind] > 0);
  const acceptedKinds = KINDS.flatMap((kind) =>
    accepted[kind] ? `${accepted[kind]} ${kindLabel(kind)}` : [],
  );
  return (
    <>
      <div class="head">
        <h2 id="found-title">What was found</h2>
        <a id="csv" href={`${runPath(id)}?format=csv`} download>
          Download as CSV
        </a>
      </div>
      {kinds.length === 0 ? (
        <p class="empty">Nothing: every event is where it belongs.</p>
      ) : (
        <dl class="facts">
          {kinds.map((kind) => (
            <Fact name={`${counts[kind]} ${kindLabel(kind)}`}>{MEANINGS[kind]}</Fact>
          ))}
        </dl>
      )}
      {acceptedKinds.length > 0 && (
        <p id="accepted">Accepted before, and not counted above: {acceptedKinds.join(", ")}.</p>
      )}
      {differences.length > 0 && (
        <Table
          caption="Differences"
          columns={[...DIFFERENCE_COLUMNS, acceptanceColumn(id, session)]}
          rows={differences}
          hideCaption
        />
      )}
      {differences_truncated && <p>More were found than are listed; the numbers above count all.</p>}
      {next_cursor !== null && (
        <nav class="pages" aria-label="Pages">
          <a id="next-page" href={`${runPath(id)}?${new URLSearchParams({ cursor: next_cursor })}`}>
            More →
          </a>
        </nav>
      )}
    </>
  );
}

const DIFFERENCE_COLUMNS: readonly Column<Difference>[] = [
  { name: "Kind", of: ({ kind }) => kindLabel(kind) },
  {
    name: "About",
    of: (difference) => <Subject difference={difference} />,
  },
  {
    name: "Amount",
    of: ({ amount_minor, currency }) =>
      amount_minor === null || currency === null ? "unknown" : formatMoney(amount_minor, currency),
    isNumber: true,
  },
  { name: "What differs", of: (difference) => whatDiffers(difference) },
  { name: "Created (UTC)", of: ({ created_at }) => utc(created_at) },
];

function acceptanceColumn(id: string, session: Session): Column<ListedDifference> {
  return {
    name: "Accepted",
    of: (difference) => <AcceptanceOf id={id} difference={difference} session={session} />,
  };
}

/** By whom and why; for who may operate, with the form that accepts it or takes that back. */
function AcceptanceOf({
  id,
  difference: { key, kind, accepted },
  session,
}: {
  id: string;
  difference: ListedDifference;
  session: Session;
}) {
  const mayAct = session.role === "admin" && ACCEPTABLE.includes(kind);
  return (
    <>
      {accepted !== null && (
        <span>
          <bdi>{accepted.actor}</bdi>, {utc(accepted.accepted_at)}{" "}
          <span class="under">
            <bdi>{accepted.note}</bdi>
          </span>
        </span>
      )}
      {session.role === "admin" && kind === "money_without_event" && (
        <form method="post" action={`${runPath(id)}/deliver`}>
          <Csrf session={session} />
          <input type="hidden" name="key" value={key} />
          <button type="submit">Book it …</button>
        </form>
      )}
      {mayAct && (
        <details class="action">
          <summary>{accepted === null ? "Accept …" : "Take back …"}</summary>
          <form method="post" action={`${runPath(id)}/accept`}>
            <Csrf session={session} />
            <input type="hidden" name="key" value={key} />
            {accepted !== null && <input type="hidden" name="undo" value="on" />}
            <label>
              Why
              <input name="note" required maxlength={2_000} />
            </label>
            <button type="submit">{accepted === null ? "Accept this difference" : "Take it back"}</button>
          </form>
        </details>
      )}
    </>
  );
}

/** An event; or a balance transaction, a settlement in the ledger, or both. */
function Subject({ difference }: { difference: Difference }) {
  const { event_id, event_type, kind, payment_id, transaction_id, settlement_id } = difference;
  if (event_id === null) {
    return (
      <span>
        <code>{payment_id ?? transaction_id}</code>{" "}
        <span class="under">{[transaction_id, settlement_id].filter((id) => id !== null).join(", ")}</span>
      </span>
    );
  }
  return (
    <span>
      {isKnown(kind) ? (
        <a href={eventPath(event_id)}>
          <code>{event_id}</code>
        </a>
      ) : (
        <code>{event_id}</code>
      )}{" "}
      <span class="under">{event_type}</span>
    </span>
  );
}

/** The others have no page of their own. */
function isKnown(kind: Kind): boolean {
  return kind !== "missing" && kind !== "expired" && kind !== "malformed";
}

function whatDiffers({ field, ours, theirs, reason }: Difference): string {
  if (field !== "") return `${field}: ours ${ours ?? "none"}, theirs ${theirs ?? "none"}`;
  return reason ?? "nothing";
}
