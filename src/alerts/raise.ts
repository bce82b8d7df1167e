/**
 * Tells operators what the index shows, from the cron: so an alert can be late by a sweep, and never stands in a settlement's
 * way. Noted as told only after it was taken: an alert that fails comes again with the next sweep, and one whose note is lost
 * comes twice.
 */
import type { AlertConfig, Config } from "../config.ts";
import type { AlertFacts } from "../event-index/alerting.ts";
import { askShard, type IndexPlace, shardNumbers } from "../event-index/locate.ts";
import { askReconciler } from "../reconciler/locate.ts";
import { isNewCase, readTold, settledNote } from "./open-age.ts";
import { postAlert } from "./post.ts";
import {
  behindText,
  findingsText,
  isBehind,
  readReconciliationTold,
  type ReconciliationTold,
} from "./reconciliation.ts";
import { failuresText, longOpenOfAll, longOpenText } from "./text.ts";

/** Of one shard and sweep. What is more comes with the next ones. */
const FAILURES_PER_SHARD = 250;
/** Where the notes are kept that are no single shard's. */
const NOTES_SHARD = 0;
const OPEN_AGE = "open_age";
const RECONCILIATION = "reconciliation";

interface Findings {
  readonly facts: readonly (AlertFacts & { readonly shard: number })[];
  /** Every shard has answered. */
  readonly isWhole: boolean;
}

/** Never throws. */
export async function raiseAlerts(env: Env, config: Config): Promise<void> {
  const { alerts, settleEnv, indexShards } = config;
  if (alerts === null) return;
  const index = { env, shards: indexShards };
  const now = Date.now();
  const findings = await look(index, now - alerts.openAgeMs);
  await tellFailures(index, alerts, settleEnv, findings);
  await tellOpenAge(index, alerts, settleEnv, findings, now);
  if (config.stripeApi !== null) await tellReconciliation(index, alerts, settleEnv);
}

/** A shard out of reach keeps what it knows for the next sweep. */
async function look(index: IndexPlace, receivedBy: number): Promise<Findings> {
  const answers = await Promise.all(
    shardNumbers(index).map(async (shard) => {
      const answer = await askShard(index, shard, (stub) => stub.alertFacts(receivedBy, FAILURES_PER_SHARD));
      return answer.ok ? [{ ...answer.value, shard }] : [];
    }),
  );
  const facts = answers.flat();
  return { facts, isWhole: facts.length === index.shards };
}

async function tellFailures(
  index: IndexPlace,
  { url }: AlertConfig,
  settleEnv: string,
  { facts }: Findings,
): Promise<void> {
  const failures = facts.flatMap((shard) => shard.failures);
  if (failures.length === 0 || !(await postAlert(url, failuresText(settleEnv, failures)))) return;
  await Promise.all(
    facts.map(async ({ shard, failures: told }) => {
      if (told.length > 0) await askShard(index, shard, (stub) => stub.markTold(told));
    }),
  );
}

async function tellOpenAge(
  index: IndexPlace,
  { url, openAgeMs }: AlertConfig,
  settleEnv: string,
  { facts, isWhole }: Findings,
  now: number,
): Promise<void> {
  const stored = await askShard(index, NOTES_SHARD, (stub) => stub.alertNote(OPEN_AGE));
  // Without the note nobody knows what was told. The next sweep does.
  if (!stored.ok) return;
  const told = readTold(stored.value);
  const open = longOpenOfAll(facts.map((shard) => shard.longOpen));
  const { oldest, newest } = open;
  const isNew = isNewCase(open, told, openAgeMs, now);
  if (isNew && oldest !== null && newest !== null) {
    const text = longOpenText(settleEnv, { money: open.money, oldest }, openAgeMs, now);
    if (!(await postAlert(url, text))) return;
    const note = { told_at: now, received_by: newest };
    await askShard(index, NOTES_SHARD, (stub) => stub.setAlertNote(OPEN_AGE, note));
    return;
  }
  const note = settledNote(open, told);
  if (isWhole && note !== told)
    await askShard(index, NOTES_SHARD, (stub) => stub.setAlertNote(OPEN_AGE, note));
}

/** Each of the two cases is noted by itself: one that was not taken does not bring the other again. */
async function tellReconciliation(index: IndexPlace, { url }: AlertConfig, settleEnv: string): Promise<void> {
  const stored = await askShard(index, NOTES_SHARD, (stub) => stub.alertNote(RECONCILIATION));
  const watermark = await askReconciler(index.env, (stub) => stub.watermark());
  if (!stored.ok || !watermark.ok) return;
  const told = readReconciliationTold(stored.value);
  const behind = isBehind(watermark.value);
  const tells = behind && !told.behind;
  const note: ReconciliationTold = {
    behind: tells ? await postAlert(url, behindText(settleEnv, watermark.value)) : behind && told.behind,
    run: await tellFindings(index, url, settleEnv, told.run, watermark.value.last_run?.id ?? null),
  };
  if (note.behind === told.behind && note.run === told.run) return;
  await askShard(index, NOTES_SHARD, (stub) => stub.setAlertNote(RECONCILIATION, note));
}

/** The run that is told now: the last one, or still the one before. */
async function tellFindings(
  index: IndexPlace,
  url: string,
  settleEnv: string,
  toldRun: string | null,
  lastRun: string | null,
): Promise<string | null> {
  if (lastRun === null || lastRun === toldRun) return toldRun;
  const report = await askReconciler(index.env, (stub) => stub.show(lastRun));
  if (!report.ok) return toldRun;
  const text = report.value === null ? null : findingsText(settleEnv, report.value);
  return text === null || (await postAlert(url, text)) ? lastRun : toldRun;
}
