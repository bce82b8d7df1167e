/** Up to when every event that Stripe lists is known here. */
import { accountsBehind } from "../../reconciler/report.ts";
import type { Completeness, WatermarkStatus } from "../../reconciler/report-schema.ts";
import { modeOf } from "./run.tsx";
import { duration, utc } from "./time.tsx";

/** null: the Reconciler is out of reach. */
export function needsAttention(watermark: WatermarkStatus | null): boolean {
  if (watermark === null) return true;
  const all = [watermark, ...watermark.connected_accounts];
  const isFailed = watermark.configured && all.some(({ last_run }) => last_run?.status === "failed");
  return isFailed || accountsBehind(watermark).length > 0;
}

export function Watermark({ watermark }: { watermark: WatermarkStatus | null }) {
  if (watermark === null) return <p>Nobody knows just now: the Reconciler cannot be reached.</p>;
  const { configured, complete_up_to, behind_seconds, connected_accounts } = watermark;
  if (!configured) {
    return (
      <p>
        Off: without <code>STRIPE_API_KEY</code> nobody asks Stripe whether anything is missing.
      </p>
    );
  }
  if (complete_up_to === null) return <p>Switched on. The first hourly run begins within minutes.</p>;
  const { account } = watermark;
  return (
    <>
      <p>
        Everything that Stripe knows has arrived, up to <strong>{utc(complete_up_to)} UTC</strong>,{" "}
        {duration(behind_seconds ?? 0)} ago.
      </p>
      {account === null ? (
        <p>
          Nobody has confirmed whose money that is, so hourly runs only report: open a dry run, and confirm
          its Stripe account.
        </p>
      ) : (
        <p>
          It is the money of <code>{account.id}</code>, {modeOf(account)}.
        </p>
      )}
      <Trouble of={watermark} />
      {connected_accounts.map((connected) => (
        <>
          <p>
            Of <code>{connected.stripe_account}</code>,{" "}
            {connected.complete_up_to === null ? (
              "the first hourly run begins within minutes."
            ) : (
              <>
                up to <strong>{utc(connected.complete_up_to)} UTC</strong>,{" "}
                {duration(connected.behind_seconds ?? 0)} ago.
              </>
            )}
          </p>
          <Trouble of={connected} />
        </>
      ))}
    </>
  );
}

function Trouble({ of: { gaps, pending_gap, last_run } }: { of: Completeness }) {
  const unknown = [...gaps, ...(pending_gap === null ? [] : [pending_gap])];
  return (
    <>
      {last_run?.status === "failed" && (
        <p>
          The last run failed: <code>{last_run.error}</code>.{" "}
          <a href={`/console/reconciliations/${last_run.id}`}>See it</a>
        </p>
      )}
      {unknown.map(({ from, to, why }) => (
        <p>
          Not known of {utc(from)} to {utc(to)} UTC: {GAPS[why]}.
        </p>
      ))}
    </>
  );
}

const GAPS = {
  too_late: "nobody looked while it could still be seen",
  mapping_changed: "the same money was booked under other ids before an upgrade",
} as const;
