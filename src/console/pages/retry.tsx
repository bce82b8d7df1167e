/** Bulk retry: first what it would touch, then the same for real, then what came of it. */
import { OPEN_STATES } from "../../event-index/event-summary.ts";
import { EVENTS_DEFAULT, EVENTS_MAX } from "../../operators/requests.ts";
import type { RetryEventsReport } from "../../operators/retry-events.ts";
import type { Fields } from "../form.ts";
import type { Session } from "../session.ts";
import { eventPath } from "../ui/event-table.tsx";
import { FilterFields } from "../ui/filter.tsx";
import { Csrf } from "../ui/layout.tsx";
import { formatMoney } from "../../format-money.ts";
import { type Column, Table } from "../ui/data-table.tsx";
import { Problems } from "./events.tsx";

export interface RetryProps {
  readonly given: Fields;
  /** null: nothing was asked yet, or it could not be read. */
  readonly report: RetryEventsReport | null;
  readonly problems: readonly string[];
  readonly session: Session;
}

export function RetryContent({ given, report, problems, session }: RetryProps) {
  return (
    <>
      <div class="head">
        <h1>Bulk retry</h1>
      </div>
      <p class="lead">
        One attempt for each open event that a filter matches, the longest unchanged first. Each is retried as
        it would be alone, so nothing can be credited twice. The first step only counts.
      </p>
      <form method="get" action="/console/retry" class="filter" aria-label="What to retry">
        <FilterFields given={{ state: "failed", ...given }} states={OPEN_STATES.toReversed()} any={null} />
        <label>
          At most
          <input
            type="number"
            name="limit"
            min={1}
            max={EVENTS_MAX}
            value={given["limit"] ?? EVENTS_DEFAULT}
          />
        </label>
        <div class="buttons">
          <button type="submit" name="count" value="1" class="secondary">
            Count first
          </button>
        </div>
      </form>
      <Problems problems={problems} />
      {report !== null &&
        (report.dry_run ? (
          <DryRun given={given} report={report} session={session} />
        ) : (
          <Done report={report} />
        ))}
    </>
  );
}

function DryRun({ given, report, session }: { given: Fields; report: RetryEventsReport; session: Session }) {
  const { matched, per_currency } = report;
  if (matched === 0) return <p class="empty">No open event matches. There is nothing to retry.</p>;
  const limit = Math.min(matched, Number(given["limit"] ?? EVENTS_DEFAULT));
  return (
    <section aria-labelledby="dry-title" class="hero open">
      <div>
        <h2 id="dry-title">{matched === 1 ? "1 event matches" : `${matched} events match`}</h2>
        <p>Nothing was touched.</p>
      </div>
      <ul class="sums" aria-label="Money by currency">
        {per_currency.map(({ currency, count, amount_minor }) => (
          <li>
            <span class="money">
              {currency === null || amount_minor === null
                ? "Unknown amount"
                : formatMoney(amount_minor, currency)}
            </span>
            <span class="under">{count === 1 ? "1 event" : `${count} events`}</span>
          </li>
        ))}
      </ul>
      {session.role === "admin" ? (
        <Confirm given={given} limit={limit} session={session} />
      ) : (
        <p>Your key may only read, so somebody with the admin key must retry them.</p>
      )}
    </section>
  );
}

/** The filter goes along unseen: what is retried is what was counted, but for what has happened since. */
function Confirm({ given, limit, session }: { given: Fields; limit: number; session: Session }) {
  return (
    <form method="post" action="/console/retry" class="confirm">
      <Csrf session={session} />
      {Object.entries({ state: "failed", ...given }).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <label>
        Note (optional)
        <input type="text" name="note" maxlength={2000} autocomplete="off" />
      </label>
      <button type="submit">Retry {limit === 1 ? "1 event" : `${limit} events`} now</button>
    </form>
  );
}

function Done({ report }: { report: RetryEventsReport }) {
  const { attempted, forwarded, failed, results } = report;
  const columns: Column<RetryEventsReport["results"][number]>[] = [
    {
      name: "Event",
      of: ({ event_id }) => (
        <a href={eventPath(event_id)}>
          <code>{event_id}</code>
        </a>
      ),
    },
    { name: "State now", of: ({ state }) => state },
    { name: "Error", of: ({ error_code }) => error_code ?? "none" },
  ];
  return (
    <section aria-labelledby="done-title">
      <div class={`notice ${failed > 0 ? "bad" : "good"}`} role="status">
        <h2 id="done-title">
          {attempted === 1 ? "1 attempt" : `${attempted} attempts`}: {forwarded} forwarded, {failed} failed
        </h2>
      </div>
      {results.length > 0 && (
        <Table caption="What came of each" columns={columns} rows={results} hideCaption />
      )}
    </section>
  );
}
