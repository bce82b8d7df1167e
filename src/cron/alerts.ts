/**
 * Tells operators what the index shows, from the cron: so an alert can be late by a sweep, and never stands in a settlement's
 * way. Noted as told only after it was taken: an alert that fails comes again with the next sweep, and one whose note is lost
 * comes twice.
 */
import type { AlertConfig, Config } from "../config.ts";
import type { AlertFacts } from "../event-index/alert-facts.ts";
import { askShard, type IndexPlace, shardNumbers } from "../event-index/call-shards.ts";
import { askReconciler } from "../reconciler/call-reconciler.ts";
import { isBehind } from "../reconciler/report.ts";
import { isNewCase, readTold } from "./open-age-alert.ts";
import { postAlert } from "./post-alert.ts";
import {
  behindText,
  findingsText,
  isSilentForLong,
  readReconciliationTold,
  type ReconciliationTold,
  silentText,
  untoldRuns,
} from "./reconciliation-alert.ts";
import { failuresText, longOpenOfAll, longOpenText } from "./alert-text.ts";

/** Of one shard and sweep. What is more comes with the next ones. */
const FAILURES_PER_SHARD = 250;
/** Where the notes are kept that are no single shard's. */
const NOTES_SHARD = 0;
const OPEN_AGE = "open_age";
const RECONCILIATION = "reconciliation";
/** Four days of hourly runs: as long as a chat may be away over a weekend. */
const RUNS_LOOKED_AT = 100;

/** What each shard in reach says. */
type Findings = readonly (AlertFacts & { readonly shard: number })[];

/** Never throws. */
export async function sendAlerts(env: Env, config: Config): Promise<void> {
  const { alerts, settleEnv, indexShards } = config;
  if (alerts === null) return;
  const index = { env, shards: indexShards };
  const now = Date.now();
  const findings = await look(index, now - alerts.openAgeMs);
  await tellFailures(index, alerts, settleEnv, findings);
  await tellOpenAge(index, alerts, settleEnv, findings, now);
  if (config.stripeApi !== null) await tellReconciliation(index, alerts, settleEnv, now);
}

/** A shard out of reach keeps what it knows for the next sweep. */
async function look(index: IndexPlace, receivedBy: number): Promise<Findings> {
  const answers = await Promise.all(
    shardNumbers(index).map(async (shard) => {
      const answer = await askShard(index, shard, (stub) => stub.alertFacts(receivedBy, FAILURES_PER_SHARD));
      return answer.ok ? [{ ...answer.value, shard }] : [];
    }),
  );
  return answers.flat();
}

async function tellFailures(
  index: IndexPlace,
  { url }: AlertConfig,
  settleEnv: string,
  findings: Findings,
): Promise<void> {
  const failures = findings.flatMap((shard) => shard.failures);
  if (failures.length === 0 || !(await postAlert(url, "failures", failuresText(settleEnv, failures)))) return;
  await Promise.all(
    findings.map(async ({ shard, failures: told }) => {
      if (told.length > 0) await askShard(index, shard, (stub) => stub.markTold(told));
    }),
  );
}

async function tellOpenAge(
  index: IndexPlace,
  { url, openAgeMs }: AlertConfig,
  settleEnv: string,
  findings: Findings,
  now: number,
): Promise<void> {
  const stored = await askShard(index, NOTES_SHARD, (stub) => stub.alertNote(OPEN_AGE));
  // Without the note nobody knows when it was told. The next sweep does.
  if (!stored.ok) return;
  const told = readTold(stored.value);
  const open = longOpenOfAll(findings.map((shard) => shard.longOpen));
  if (open.oldest === null) {
    // Nothing is old any more: the next case is told at once.
    if (told !== null && findings.length === index.shards) await note(index, OPEN_AGE, null);
    return;
  }
  if (!isNewCase(open, told, openAgeMs, now)) return;
  const text = longOpenText(settleEnv, { money: open.money, oldest: open.oldest }, openAgeMs, now);
  if (!(await postAlert(url, "open_age", text))) return;
  await note(index, OPEN_AGE, { told_at: now });
  await Promise.all(
    findings.map(({ shard }) => askShard(index, shard, (stub) => stub.markLongOpenTold(now - openAgeMs))),
  );
}

/** Each of the two cases is noted by itself: one that was not taken does not bring the other again. */
async function tellReconciliation(
  index: IndexPlace,
  { url }: AlertConfig,
  settleEnv: string,
  now: number,
): Promise<void> {
  const stored = await askShard(index, NOTES_SHARD, (stub) => stub.alertNote(RECONCILIATION));
  if (!stored.ok) return;
  const told = readReconciliationTold(stored.value);
  const watermark = await askReconciler(index.env, (stub) => stub.watermark());
  const silent_since = watermark.ok ? null : (told.silent_since ?? now);
  const text = watermark.ok
    ? isBehind(watermark.value) && behindText(settleEnv, watermark.value)
    : isSilentForLong(silent_since, now) && silentText(settleEnv, silent_since, now);
  const next: ReconciliationTold = {
    silent_since,
    behind: text === false ? false : told.behind || (await postAlert(url, "behind", text)),
    run: await tellFindings(index, url, settleEnv, told.run),
  };
  if (JSON.stringify(next) !== JSON.stringify(told)) await note(index, RECONCILIATION, next);
}

/** Every hourly run since the one that was told last, oldest first. Returns the last that is told now. */
async function tellFindings(
  index: IndexPlace,
  url: string,
  settleEnv: string,
  toldRun: string | null,
): Promise<string | null> {
  const runs = await askReconciler(index.env, (stub) => stub.list(RUNS_LOOKED_AT));
  if (!runs.ok) return toldRun;
  let told = toldRun;
  for (const run of untoldRuns(runs.value, toldRun)) {
    const text = findingsText(settleEnv, run);
    if (text !== null && !(await postAlert(url, "findings", text))) return told;
    told = run.id;
  }
  return told;
}

async function note(index: IndexPlace, name: string, value: object | null): Promise<void> {
  await askShard(index, NOTES_SHARD, (stub) => stub.setAlertNote(name, value));
}
