/**
 * What an operator can do with an event. Each opens first, and says what it will do, so that none happens by
 * one wrong click.
 */
import type { Child } from "hono/jsx";
import type { EventState } from "../../event/event-state.ts";
import type { Session } from "../session.ts";
import { AssignFields, type RefusedAssignment } from "./assign-form.tsx";
import { eventPath } from "../ui/event-table.tsx";
import { Csrf } from "../ui/layout.tsx";

export function Actions(props: {
  event: EventState;
  session: Session;
  refused: RefusedAssignment | undefined;
}) {
  const { event, session, refused } = props;
  if (session.role !== "admin") return <></>;
  const path = eventPath(event.event_id);
  if (event.state === "resolved") {
    return (
      <div class="actions">
        <Action id="reopen" title="Reopen …" path={`${path}/reopen`} session={session}>
          <p>
            If closing it was a mistake: it is failed again, as it was, and waits for a retry. Make sure that
            its money is not in the ledger already.
          </p>
          <Note />
          <button type="submit">Reopen</button>
        </Action>
      </div>
    );
  }
  if (event.state !== "failed") return <></>;
  return (
    <div class="actions">
      {(event.reason === "account_missing" || event.waits_for?.what === "account") && (
        <Action
          id="assign"
          title="Assign an account …"
          path={`${path}/assign`}
          session={session}
          isOpen={refused !== undefined}
        >
          <AssignFields event={event} session={session} refused={refused} />
        </Action>
      )}
      <Action id="retry" title="Retry …" path={`${path}/retry`} session={session}>
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
      <Action id="resolve" title="Resolve …" path={`${path}/resolve`} session={session}>
        <p>
          For what was settled by other means. clawsettle does not send this settlement then, and no other
          event of the same movement of money either; such an event waits for an operator. Your name and the
          note are kept with the event.
        </p>
        <Note />
        <button type="submit" class="danger">
          Resolve
        </button>
      </Action>
    </div>
  );
}

function Note() {
  return (
    <label>
      Note
      <textarea name="note" maxlength={2000} rows={3} required></textarea>
    </label>
  );
}

function Action(props: {
  id: string;
  title: string;
  path: string;
  session: Session;
  isOpen?: boolean;
  children?: Child;
}) {
  const { id, title, path, session, isOpen = false, children } = props;
  return (
    <details id={id} class="action" name="action" open={isOpen}>
      <summary>{title}</summary>
      <form method="post" action={path} data-inline>
        <Csrf session={session} />
        {children}
      </form>
    </details>
  );
}
