/** Saying whose money it is: what would be booked, for which account, and why. */
import type { EventState } from "../../event/event-state.ts";
import type { Fields } from "../form.ts";
import type { Session } from "../session.ts";
import { ReadableFacts } from "../ui/readable-money.tsx";

/** What was sent, and what is wrong with it, field by field. */
export interface RefusedAssignment {
  readonly given: Fields;
  readonly problems: { readonly account_id?: string | undefined; readonly note?: string | undefined };
}

export function AssignFields(props: {
  event: EventState;
  session: Session;
  refused: RefusedAssignment | undefined;
}) {
  const { event, session, refused } = props;
  const { given = {}, problems = {} } = refused ?? {};
  return (
    <>
      <p>
        Nobody is credited or debited until you say whose money it is. The ledger is asked whether it has the
        account, and this is sent. Then whatever failed of the same payment is tried again. Your name,{" "}
        <bdi>{session.actor}</bdi>, and the note are kept with the event.
      </p>
      <ReadableFacts event={event} inRow />
      <label>
        Ledger account
        <input
          type="text"
          name="account_id"
          maxlength={255}
          required
          autocomplete="off"
          spellcheck={false}
          value={given["account_id"] ?? ""}
          {...describedBy("account-problem", problems.account_id)}
        />
        <Problem id="account-problem" text={problems.account_id} />
      </label>
      <label>
        Note: how you know
        <textarea
          name="note"
          maxlength={2000}
          rows={3}
          required
          {...describedBy("note-problem", problems.note)}
        >
          {given["note"] ?? ""}
        </textarea>
        <Problem id="note-problem" text={problems.note} />
      </label>
      <button type="submit">Assign and send</button>
    </>
  );
}

function describedBy(id: string, problem: string | undefined) {
  return problem === undefined ? {} : { "aria-invalid": "true", "aria-describedby": id };
}

function Problem({ id, text }: { id: string; text: string | undefined }) {
  return text === undefined ? (
    <></>
  ) : (
    <span id={id} class="problem-text">
      {text}
    </span>
  );
}
