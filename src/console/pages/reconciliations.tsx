/** Up to when everything is complete, a form that starts a run, and the runs with what they found. */
import type { RunList, RunView } from "../../reconciler/report-schema.ts";
import type { Fields } from "../form.ts";
import type { Session } from "../session.ts";
import { Csrf } from "../ui/layout.tsx";
import { summarizeFindings, RunBadge, runPath } from "../ui/run.tsx";
import { type Column, Table } from "../ui/data-table.tsx";
import { Time, utc } from "../ui/time.tsx";
import { needsAttention, Watermark } from "../ui/watermark.tsx";
import { Problems } from "./events.tsx";

export interface ReconciliationsProps {
  readonly list: RunList;
  readonly given: Fields;
  readonly problems: readonly string[];
  readonly session: Session;
  readonly now: number;
}

const DAY_MS = 86_400_000;

export function ReconciliationsContent(props: ReconciliationsProps) {
  const { list, given, problems, session, now } = props;
  const { reconciliations, watermark } = list;
  const readable = reconciliations.filter((run) => run.status !== "unreadable");
  const unreadable = reconciliations.filter((run) => run.status === "unreadable");
  return (
    <>
      <div class="head">
        <h1>Reconciliation</h1>
      </div>
      <section
        id="watermark"
        data-region
        class={`hero calm ${needsAttention(watermark) ? "open" : ""}`}
        aria-labelledby="watermark-title"
      >
        <h2 id="watermark-title">Is anything missing?</h2>
        <Watermark watermark={watermark} />
      </section>
      <Problems problems={problems} />
      {watermark.configured && session.role === "admin" && (
        <StartForm given={given} watermark={watermark} session={session} now={now} />
      )}
      <section id="runs" data-region aria-labelledby="runs-title">
        <h2 id="runs-title">Runs</h2>
        {reconciliations.length === 0 ? (
          <p class="empty">No reconciliation has run yet.</p>
        ) : (
          <Table caption="Runs, newest first" columns={columns(now)} rows={readable} hideCaption />
        )}
        {unreadable.length > 0 && (
          <p class="empty">
            Stored by a later version of clawsettle, and unreadable for this one:{" "}
            {unreadable.map(({ id }) => id).join(", ")}. While such a run is not over, the others wait.
          </p>
        )}
      </section>
    </>
  );
}

function StartForm({
  given,
  watermark,
  session,
  now,
}: Pick<ReconciliationsProps, "given" | "session" | "now"> & { watermark: RunList["watermark"] }) {
  const isFirst = given["from"] === undefined;
  return (
    <form method="post" action="/console/reconciliations" class="filter" aria-label="Start a run">
      <Csrf session={session} />
      <When name="from" label="From (UTC)" value={given["from"] ?? local(now - DAY_MS)} />
      <When name="to" label="To, exclusive (UTC)" value={given["to"] ?? local(now)} />
      {watermark.connected_accounts.length > 0 && (
        <label>
          Stripe account
          <select name="stripe_account">
            <option value="">The platform's own</option>
            {watermark.connected_accounts.map(({ stripe_account }) => (
              <option value={stripe_account} selected={given["stripe_account"] === stripe_account}>
                {stripe_account}
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="check">
        <input type="checkbox" name="dry_run" value="on" checked={isFirst || given["dry_run"] === "on"} />
        Only look: deliver and wake nothing
      </label>
      <div class="buttons">
        <button type="submit">Compare with Stripe</button>
      </div>
    </form>
  );
}

function When({ name, label, value }: { name: string; label: string; value: string }) {
  return (
    <label>
      {label}
      <input type="datetime-local" name={name} value={value} required />
    </label>
  );
}

/** As the field has it: to the minute, without a zone. */
function local(at: number): string {
  return new Date(at).toISOString().slice(0, 16);
}

function columns(now: number): Column<RunView>[] {
  return [
    { name: "Status", of: (run) => <RunBadge run={run} /> },
    {
      name: "Window (UTC)",
      of: ({ id, from, to, stripe_account }) => (
        <span>
          <a href={runPath(id)}>
            {utc(from)} to {utc(to)}
          </a>
          {stripe_account !== null && <span class="under"> {stripe_account}</span>}
        </span>
      ),
    },
    { name: "Found", of: (run) => summarizeFindings(run) },
    { name: "Events", of: ({ progress }) => progress.events, isNumber: true },
    {
      name: "Asked for",
      of: ({ created_at, origin, actor, dry_run }) => (
        <span>
          <Time at={created_at} now={now} />{" "}
          <span class="under">
            {origin === "schedule" ? "hourly" : <bdi>{actor ?? "an operator"}</bdi>}
            {dry_run && ", only looking"}
          </span>
        </span>
      ),
    },
  ];
}
