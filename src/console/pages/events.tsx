/** The list, its filter, and its pages. */
import { stateSchema } from "../../event-index/event-summary.ts";
import type { EventList } from "../../operators/events.ts";
import type { Fields } from "../form.ts";
import { EventTable } from "../ui/event-table.tsx";
import { FilterFields, SearchBox } from "../ui/filter.tsx";

export interface EventsProps {
  readonly given: Fields;
  /** null: the filter is malformed, and `problems` say how. */
  readonly list: EventList | null;
  readonly problems: readonly string[];
  readonly now: number;
}

export function EventsContent({ given, list, problems, now }: EventsProps) {
  return (
    <>
      <div class="head">
        <h1>Events</h1>
        <SearchBox />
      </div>
      <form method="get" action="/console/events" class="filter" aria-label="Filter">
        <FilterFields given={given} states={stateSchema.options} any="all" />
        <div class="buttons">
          <button type="submit">Apply</button>
          {isFiltered(given) && <a href="/console/events">Clear</a>}
        </div>
      </form>
      <Problems problems={problems} />
      {list !== null && (
        <section id="list" data-region aria-label="Events, newest first">
          <List given={given} list={list} now={now} />
        </section>
      )}
    </>
  );
}

function List({ given, list, now }: { given: Fields; list: EventList; now: number }) {
  const { events, next_cursor } = list;
  const { cursor, ...filter } = given;
  return (
    <>
      {events.length === 0 ? (
        <p class="empty">
          {isFiltered(given) ? "No event matches this filter." : "No event has been delivered yet."}
        </p>
      ) : (
        <EventTable caption="Events, newest first" events={events} now={now} />
      )}
      <nav class="pages" aria-label="Pages">
        {cursor !== undefined && (
          <a id="first-page" href={listPath(filter)}>
            ← Newest
          </a>
        )}
        {next_cursor !== null && (
          <a id="next-page" href={listPath({ ...filter, cursor: next_cursor })}>
            Older →
          </a>
        )}
      </nav>
    </>
  );
}

export function Problems({ problems }: { problems: readonly string[] }) {
  if (problems.length === 0) return <></>;
  return (
    <div class="notice bad" role="alert">
      <p>This cannot be read:</p>
      <ul>
        {problems.map((problem) => (
          <li>{problem}</li>
        ))}
      </ul>
    </div>
  );
}

function listPath(fields: Fields): string {
  const query = new URLSearchParams(fields).toString();
  return query === "" ? "/console/events" : `/console/events?${query}`;
}

function isFiltered(given: Fields): boolean {
  return Object.keys(given).some((name) => name !== "cursor");
}
