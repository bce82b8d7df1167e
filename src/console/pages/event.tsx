/** One event: its state and why, what happened to it, its settlement, and what can be done. */
import type { EventState } from "../../event/event-state.ts";
import type { Session } from "../session.ts";
import { formatMoney } from "../../format-money.ts";
import { moneyText, ReadableFacts } from "../ui/readable-money.tsx";
import { badgeOf, EventBadge } from "../ui/event-badge.tsx";
import { Fact, relative, Time, utc } from "../ui/time.tsx";
import { adviceFor, describeReason, waitLabel } from "../labels.ts";
import type { RefusedAssignment } from "./assign-form.tsx";
import { Actions } from "./event-actions.tsx";
import { Timeline } from "./event-timeline.tsx";

export interface EventProps {
  readonly event: EventState;
  readonly session: Session;
  /** What was just done, in a sentence. */
  readonly notice: string | null;
  /** The form to assign an account, as it was sent and could not be taken. */
  readonly refused?: RefusedAssignment | undefined;
  readonly now: number;
}

export function EventContent({ event, session, notice, refused, now }: EventProps) {
  return (
    <>
      <p class="crumb">
        <a href="/console/events">Events</a>
      </p>
      <div id="notice" tabindex={-1}>
        {notice !== null && <p class="notice">{notice}</p>}
      </div>
      <div id="event-head" data-region>
        <Head event={event} now={now} />
      </div>
      <div id="event-actions" data-region>
        <Actions event={event} session={session} refused={refused} />
      </div>
      <div id="event-body" data-region class="columns">
        <Timeline event={event} now={now} />
        <div>
          <SettlementFacts event={event} />
          <Evidence event={event} now={now} />
        </div>
      </div>
      <div id="event-raw" data-region>
        <details id="raw">
          <summary>Raw state (JSON)</summary>
          <pre tabindex={0} aria-label="Raw state">
            {JSON.stringify(event, null, 2)}
          </pre>
        </details>
      </div>
    </>
  );
}

export function announcementOf(event: EventState): string {
  return `The event is now ${badgeOf(event).label}`;
}

function Head({ event, now }: { event: EventState; now: number }) {
  const money = moneyText(event);
  return (
    <>
      <div class="head event-title">
        <div>
          <h1>
            <code>{event.event_id}</code>
          </h1>
          <p class="under">
            {event.event_type}
            {!event.livemode && <span class="role">test mode</span>}
          </p>
        </div>
        <p class="standing">
          {money !== null && <span class="money big">{money}</span>}
          <EventBadge event={event} />
        </p>
      </div>
      <Why event={event} now={now} />
    </>
  );
}

/** For what is open or was closed: the reason, what the ledger answered, and what to do. */
function Why({ event, now }: { event: EventState; now: number }) {
  const { last_error, next_retry_at, state, waits_for } = event;
  const reason = describeReason(event.reason) ?? event.reason;
  const advice = adviceFor(last_error);
  if (reason === null && last_error === null) return <></>;
  const isBad = state === "failed" && next_retry_at === null;
  return (
    <section class={`why ${isBad ? "bad" : state === "failed" ? "wait" : ""}`} aria-label="Why">
      {reason !== null && <p>{reason}</p>}
      {advice !== null && <p>{advice}</p>}
      <dl class="facts row">
        {event.reason !== null && (
          <Fact name="Reason">
            <code>{event.reason}</code>
          </Fact>
        )}
        {last_error?.ledger_status != null && (
          <Fact name="The ledger said">
            HTTP {last_error.ledger_status}{" "}
            {last_error.ledger_code !== null && <code>{last_error.ledger_code}</code>}
          </Fact>
        )}
        {waits_for !== null && (
          <Fact name="Waits for">
            {waitLabel(waits_for)} {waits_for.id !== null && <code>{waits_for.id}</code>}
          </Fact>
        )}
        {next_retry_at !== null && (
          <Fact name="Next retry">
            {utc(next_retry_at)} UTC, {relative(next_retry_at, now)}
          </Fact>
        )}
      </dl>
    </section>
  );
}

function SettlementFacts({ event }: { event: EventState }) {
  const { settlement, snapshot } = event;
  if (settlement === null) {
    return (
      <section aria-labelledby="settlement-title">
        <h2 id="settlement-title">Settlement</h2>
        {event.money === null ? (
          <p class="empty">None: no money moved for the ledger.</p>
        ) : (
          <>
            <p>None, since it could not be made. This can be read of the money:</p>
            <ReadableFacts event={event} />
          </>
        )}
      </section>
    );
  }
  return (
    <section aria-labelledby="settlement-title">
      <h2 id="settlement-title">Settlement</h2>
      <dl class="facts">
        <Fact name="Amount">
          <span class="money">{formatMoney(settlement.amount_minor, settlement.currency)}</span>
        </Fact>
        <Fact name="Direction and status">
          {settlement.direction} {settlement.status}
        </Fact>
        <Fact name="Payment">
          <code>{settlement.external_payment_id}</code>
        </Fact>
        <Fact name="Account">
          {settlement.account_id === undefined ? "not known yet" : <code>{settlement.account_id}</code>}
        </Fact>
        {snapshot?.state === "forwarded" && (
          <Fact name="The ledger's settlement">
            <code>{snapshot.settlement_id}</code>
          </Fact>
        )}
        {settlement.rail !== undefined && <Fact name="Rail">{settlement.rail}</Fact>}
      </dl>
    </section>
  );
}

function Evidence({ event, now }: { event: EventState; now: number }) {
  const { evidence, alarm_at } = event;
  return (
    <section aria-labelledby="evidence-title">
      <h2 id="evidence-title">Evidence</h2>
      <dl class="facts">
        <Fact name="Deliveries">{event.deliveries}</Fact>
        <Fact name="Idempotency key">
          <code>{event.idempotency_key}</code>
        </Fact>
        <Fact name="SHA-256 of the first body">
          <code>{evidence.body_sha256}</code>
        </Fact>
        {evidence.payload_sha256 !== null && (
          <Fact name="SHA-256 of the payload">
            <code>{evidence.payload_sha256}</code>
          </Fact>
        )}
        <Fact name="Signing secret">{evidence.signing_secret}</Fact>
        {event.stripe_account !== null && (
          <Fact name="Connected account">
            <code>{event.stripe_account}</code>
          </Fact>
        )}
        <Fact name="Stripe API version">{event.api_version ?? "not told"}</Fact>
        <Fact name="Wakes by itself">{alarm_at === null ? "never" : <Time at={alarm_at} now={now} />}</Fact>
      </dl>
    </section>
  );
}
