/**
 * What an operator can do with an event. Each opens first, and says what it will do, so that none happens by
 * one wrong click.
 */
import type { Child } from "hono/jsx";
import type { EventState } from "../../event/event-state.ts";
import type { Session } from "../session.ts";
import { eventPath } from "../ui/event-table.tsx";
import { Csrf } from "../ui/layout.tsx";

export function Actions({ event, session }: { event: EventState; session: Session }) {
  if (event.state !== "failed" || session.role !== "admin") return <></>;
  return (
    <div class="actions">
      <Action id="retry" title="Retry …" path={`${eventPath(event.event_id)}/retry`} session={session}>
        <p>
          One attempt now, with the same bytes under the same key as every attempt before. The ledger
          deduplicates by that key, so this cannot credit twice.
        </p>
        <label>
          Note (optional)
          <input type="text" name="note" maxlength={2000} autocomplete="off" />
        </label>
        <button type="submit">Retry now</button>
      </Action>
      <Action id="resolve" title="Resolve …" path={`${eventPath(event.event_id)}/resolve`} session={session}>
        <p>
          For what was settled by other means. It is final: clawsettle sends this settlement never again. Your
          name and the note are kept with the event.
        </p>
        <label>
          Note
          <textarea name="note" maxlength={2000} rows={3} required></textarea>
        </label>
        <button type="submit" class="danger">
          Resolve for good
        </button>
      </Action>
    </div>
  );
}

function Action(props: { id: string; title: string; path: string; session: Session; children?: Child }) {
  const { id, title, path, session, children } = props;
  return (
    <details id={id} class="action" name="action">
      <summary>{title}</summary>
      <form method="post" action={path} data-inline>
        <Csrf session={session} />
        {children}
      </form>
    </details>
  );
}
