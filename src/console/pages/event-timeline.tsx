/** What happened to an event, oldest first: deliveries, attempts, operators' acts, conflicts. */
import type { Child } from "hono/jsx";
import type { EventState } from "../../event/event-state.ts";
import { relative, utc } from "../ui/time.tsx";
import { outcomeLabel, triggerLabel, waitLabel } from "../labels.ts";

interface Entry {
  readonly at: string;
  readonly tone: "plain" | "good" | "wait" | "bad";
  readonly what: Child;
  readonly more: Child;
}

export function Timeline({ event, now }: { event: EventState; now: number }) {
  const entries = entriesOf(event);
  const missing = event.attempts - event.attempt_log.length - (isInAttempt(event) ? 1 : 0);
  return (
    <section aria-labelledby="timeline-title">
      <h2 id="timeline-title">What happened</h2>
      <ol class="timeline">
        {entries.map(({ at, tone, what, more }) => (
          <li class={tone}>
            <time datetime={at}>
              {utc(at)} UTC <span class="ago">{relative(at, now)}</span>
            </time>
            <p>{what}</p>
            {more !== null && <p class="under">{more}</p>}
          </li>
        ))}
      </ol>
      {missing > 0 && (
        <p class="under">{missing} older attempts are counted, but no longer kept in detail.</p>
      )}
    </section>
  );
}

function entriesOf(event: EventState): Entry[] {
  const entries = [
    deliveryEntry(event),
    ...event.attempt_log.map(attemptEntry),
    ...event.operator_actions.map(actionEntry),
    ...(event.conflicts === null ? [] : [conflictEntry(event.conflicts)]),
    ...(isInAttempt(event) ? [underWay(event)] : []),
  ];
  // Of one moment, in the order above: an operator's retry and its attempt begin together.
  return entries.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function isInAttempt({ state }: EventState): boolean {
  return state === "received" || state === "forwarding";
}

function deliveryEntry({ received_at, deliveries, state, reason }: EventState): Entry {
  const again = deliveries - 1;
  return {
    at: received_at,
    tone: "plain",
    what: state === "ignored" ? "Delivered by Stripe, and ignored" : "Delivered by Stripe",
    more:
      again > 0
        ? `Delivered ${again === 1 ? "once more" : `${again} times more`} since.`
        : state === "ignored"
          ? reason
          : null,
  };
}

function attemptEntry(entry: EventState["attempt_log"][number]): Entry {
  const { attempt, trigger, started_at, duration_ms, outcome, ledger_status } = entry;
  const tones: Readonly<Record<string, Entry["tone"]>> = { accepted: "good", rejected: "bad" };
  return {
    at: started_at,
    tone: tones[outcome] ?? "wait",
    what: (
      <>
        <strong>{outcomeLabel(outcome)}</strong>
        {ledger_status !== null && `: HTTP ${ledger_status}`}
      </>
    ),
    more: `Attempt ${attempt}, ${triggerLabel(trigger)}, ${duration_ms} ms`,
  };
}

function actionEntry(taken: EventState["operator_actions"][number]): Entry {
  const { actor, note, at } = taken;
  return {
    at,
    tone: "plain",
    what: (
      <>
        <bdi>
          <strong>{actor}</strong>
        </bdi>{" "}
        {whatWasDone(taken)}
      </>
    ),
    more: note === null ? null : <q>{note}</q>,
  };
}

function whatWasDone({ action, account_id }: EventState["operator_actions"][number]): Child {
  if (action === "resolve") return "resolved it";
  if (action === "reopen") return "reopened it";
  if (action === "deliver") return "had it made of Stripe's money";
  if (action !== "assign") return "asked for a retry";
  return (
    <>
      assigned it to <code>{account_id ?? "an account"}</code>
    </>
  );
}

function conflictEntry({ count, last_at, last_body_sha256 }: NonNullable<EventState["conflicts"]>): Entry {
  return {
    at: last_at,
    tone: "bad",
    what: (
      <strong>
        {count === 1 ? "A delivery" : `${count} deliveries, the last one now,`} told of other money, and
        changed nothing
      </strong>
    ),
    more: (
      <>
        SHA-256 of its body: <code>{last_body_sha256}</code>
      </>
    ),
  };
}

function underWay({ updated_at, attempts, waits_for }: EventState): Entry {
  const what = waits_for === null ? "Asking the ledger" : `Asking for ${waitLabel(waits_for)}`;
  return { at: updated_at, tone: "wait", what: `${what} …`, more: `Attempt ${attempts}` };
}
