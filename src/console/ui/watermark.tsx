/** Up to when every event that Stripe lists is known here. */
import { isBehind } from "../../reconciler/report.ts";
import type { WatermarkStatus } from "../../reconciler/report-schema.ts";
import { modeOf } from "./run.tsx";
import { duration, utc } from "./time.tsx";

/** null: the Reconciler is out of reach. */
export function needsAttention(watermark: WatermarkStatus | null): boolean {
  if (watermark === null) return true;
  return isBehind(watermark) || (watermark.configured && watermark.last_run?.status === "failed");
}

export function Watermark({ watermark }: { watermark: WatermarkStatus | null }) {
  if (watermark === null) return <p>Nobody knows just now: the Reconciler cannot be reached.</p>;
  const { configured, complete_up_to, behind_seconds, gaps, pending_gap, last_run } = watermark;
  if (!configured) {
    return (
      <p>
        Off: without <code>STRIPE_API_KEY</code> nobody asks Stripe whether anything is missing.
      </p>
    );
  }
  if (complete_up_to === null) return <p>Switched on. The first hourly run begins within minutes.</p>;
  const { account } = watermark;
  const unknown = [...gaps, ...(pending_gap === null ? [] : [pending_gap])];
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
