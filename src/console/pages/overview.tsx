/** Whether anything is stuck, how much money it is and since when; and the latest events. */
import type { Money } from "../../event-index/sum-by-currency.ts";
import type { Stats } from "../../event-index/stats.ts";
import type { Overview } from "../../operators/statistics.ts";
import { isOverdueAge } from "../../event-index/sweep-age.ts";
import { EventTable } from "../ui/event-table.tsx";
import { ChangedSettings } from "../ui/changed-settings.tsx";
import { SearchBox } from "../ui/filter.tsx";
import { formatMoney } from "../../format-money.ts";
import type { State } from "../../event-index/event-summary.ts";
import { Badge } from "../ui/badge.tsx";
import { badgeOf } from "../ui/event-badge.tsx";
import { type Column, Table } from "../ui/data-table.tsx";
import { duration, Fact, Time } from "../ui/time.tsx";
import { needsAttention, Watermark } from "../ui/watermark.tsx";

export function OverviewContent({ overview, now }: { overview: Overview; now: number }) {
  const { statistics: stats, recent, settings } = overview;
  return (
    <>
      <div class="head">
        <h1>Overview</h1>
        <SearchBox />
      </div>
      <div id="open" data-region>
        <OpenMoney stats={stats} />
      </div>
      <section id="numbers" data-region aria-label="Numbers">
        <States stats={stats} />
        <LastDay stats={stats} />
      </section>
      <section
        id="watermark"
        data-region
        class={`why ${needsAttention(stats.reconciliation) ? "bad" : ""}`}
        aria-label="Completeness"
      >
        <Watermark watermark={stats.reconciliation} />
        <p class="links">
          <a id="to-reconciliations" href="/console/reconciliations">
            Reconciliation
          </a>
        </p>
      </section>
      <div id="unlisted" data-region>
        <UnlistedAccounts accounts={stats.unlisted_accounts} now={now} />
      </div>
      <div id="settings" data-region>
        <ChangedSettings settings={settings} now={now} />
      </div>
      <section id="recent" data-region aria-labelledby="recent-title">
        <div class="head">
          <h2 id="recent-title">Latest events</h2>
          <a id="all-events" href="/console/events">
            All events
          </a>
        </div>
        {recent.length === 0 ? (
          <p class="empty">
            No event has been delivered yet. As soon as Stripe sends one to <code>/v1/stripe/webhook</code>,
            it stands here.
          </p>
        ) : (
          <EventTable caption="Latest events" events={recent} now={now} />
        )}
      </section>
    </>
  );
}

export function openCount({ open }: Stats): number {
  return open.reduce((total, { count }) => total + count, 0);
}

/** The first thing to see: whether there is anything to do at all. */
function OpenMoney({ stats }: { stats: Stats }) {
  const count = openCount(stats);
  const age = stats.oldest_open_age_seconds;
  if (count === 0) {
    return (
      <section class="hero calm" aria-labelledby="open-title">
        <h2 id="open-title">Nothing is open</h2>
        <p>Every event that came has reached the ledger, or needed not to.</p>
      </section>
    );
  }
  return (
    <section class="hero open" aria-labelledby="open-title">
      <div>
        <h2 id="open-title">{count === 1 ? "1 event is open" : `${count} events are open`}</h2>
        {age !== null && (
          <p>
            The oldest has been waiting for <strong>{duration(age)}</strong>.
          </p>
        )}
        <p class="links">
          <a id="to-failed" href="/console/events?state=failed">
            See what failed
          </a>
          <a id="to-retry" href="/console/retry">
            Retry many
          </a>
        </p>
      </div>
      <ul class="sums" aria-label="Open money by currency">
        {stats.open.map((money) => (
          <li>
            <Sum money={money} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Sum({ money: { currency, count, amount_minor } }: { money: Money }) {
  return (
    <>
      <span class="money">
        {currency === null || amount_minor === null ? "Unknown amount" : formatMoney(amount_minor, currency)}
      </span>
      <span class="under">
        {count === 1 ? "1 event" : `${count} events`}
        {currency === null && ", cannot be read"}
      </span>
    </>
  );
}

function States({ stats }: { stats: Stats }) {
  return (
    <ul class="states" aria-label="Events by state">
      {Object.entries(stats.states).map(([state, count]) => (
        <li>
          <a id={`state-${state}`} href={`/console/events?state=${state}`}>
            <span class="count">{count}</span>
            <Badge {...badgeOf({ state: state as State, next_retry_at: null })} label={state} />
          </a>
        </li>
      ))}
    </ul>
  );
}

function LastDay({
  stats: { last_24h, rescues, attempts, last_sweep_age_seconds, refused_deliveries },
}: {
  stats: Stats;
}) {
  const refused = refused_deliveries.reduce((total, { last_24h: count }) => total + count, 0);
  return (
    <dl class="facts row">
      <Fact name="Received in 24 h">{last_24h.received}</Fact>
      <Fact name="Of these forwarded">{last_24h.forwarded}</Fact>
      <Fact name="Of these failed">{last_24h.failed}</Fact>
      <Fact name="Attempts at the ledger">{attempts}</Fact>
      <Fact name="Refused in 24 h, signed or too large">
        {refused === 0 ? 0 : <strong>{refused}</strong>}
      </Fact>
      <Fact name="Rescued by the watchdog">{rescues}</Fact>
      <Fact name="Last sweep">
        <LastSweep ageSeconds={last_sweep_age_seconds} />
      </Fact>
    </dl>
  );
}

/** Whoever added such an account to the endpoint may think that its money is settled. */
function UnlistedAccounts({ accounts, now }: { accounts: Stats["unlisted_accounts"]; now: number }) {
  if (accounts.length === 0) return <></>;
  const columns: Column<Stats["unlisted_accounts"][number]>[] = [
    { name: "Account", of: ({ account }) => (account === null ? "All others" : <code>{account}</code>) },
    { name: "Events", of: ({ events }) => events, isNumber: true },
    { name: "First (UTC)", of: ({ first_at }) => <Time at={first_at} now={now} /> },
    { name: "Last (UTC)", of: ({ last_at }) => <Time at={last_at} now={now} /> },
  ];
  return (
    <section aria-labelledby="unlisted-title">
      <h2 id="unlisted-title">Connected accounts that are not listed</h2>
      <p class="under">
        Their events are acknowledged, and nothing of them is settled. To settle those that come from now on,
        add the account to <code>STRIPE_CONNECTED_ACCOUNTS</code>.
      </p>
      <Table caption="Connected accounts that are not listed" columns={columns} rows={accounts} hideCaption />
    </section>
  );
}

/** While it stands still, nothing wakes events whose alarm was lost, and no alert is sent. */
function LastSweep({ ageSeconds }: { ageSeconds: number | null }) {
  if (ageSeconds === null) return <>none yet</>;
  const ago = `${duration(ageSeconds)} ago`;
  return isOverdueAge(ageSeconds) ? <strong>{ago}: the cron stands still</strong> : <>{ago}</>;
}
