/**
 * Sends operators alerts about what the index shows, from the cron: so an alert can be late by a sweep, and
 * never delays a settlement. Noted as reported only after it was accepted: an alert that fails is sent again
 * by the next sweep, and one whose note is lost is sent twice.
 */
import type { Config } from "../config.ts";
import type { AlertFacts } from "../event-index/alert-facts.ts";
import { allShardNames } from "../event-index/all-shards.ts";
import { askShard, type IndexPlace, NOTES_SHARD } from "../event-index/call-shards.ts";
import { askReconciler } from "../reconciler/call-reconciler.ts";
import { failuresText, longOpenOfAll, longOpenText } from "./alert-text.ts";
import { isNewCase, readOpenAgeNote } from "./open-age-alert.ts";
import { postAlert } from "./post-alert.ts";
import {
  behind,
  behindText,
  findingsText,
  isSilentForLong,
  OWN,
  readReconciliationNote,
  type ReconciliationNote,
  silentText,
  unreportedRuns,
} from "./reconciliation-alert.ts";

/** Per shard and sweep. More are reported by the next sweeps. */
const FAILURES_PER_SHARD = 250;
const OPEN_AGE = "open_age";
const RECONCILIATION = "reconciliation";
/** Of each account, four days of hourly runs: as long as the chat may be unreachable over a weekend. */
const RUNS_CONSIDERED = 100;
/** Of all accounts together. */
const RUNS_CONSIDERED_MAX = 1_000;

interface AlertContext {
  readonly index: IndexPlace;
  readonly url: string;
  readonly openAgeMs: number;
  readonly settleEnv: string;
  readonly now: number;
}

/** What each shard in reach answers. */
interface ShardFacts {
  readonly shards: readonly (AlertFacts & { readonly name: string })[];
  /** False: there are more shards, out of reach. */
  readonly areAll: boolean;
}

/** Never throws. */
export async function sendAlerts(env: Env, config: Config): Promise<void> {
  const { alerts, settleEnv, indexShards } = config;
  if (alerts === null) return;
  const context = { index: { env, shards: indexShards }, ...alerts, settleEnv, now: Date.now() };
  const facts = await collectFacts(context);
  await alertFailures(context, facts);
  await alertOpenAge(context, facts);
  if (config.stripeApi !== null) await alertReconciliation(context, config.connectedAccounts.size);
}

/** A shard out of reach keeps its facts for the next sweep. */
async function collectFacts({ index, now, openAgeMs }: AlertContext): Promise<ShardFacts> {
  const { names, isComplete } = await allShardNames(index);
  const answers = await Promise.all(
    names.map(async (name) => {
      const answer = await askShard(index, name, (stub) =>
        stub.alertFacts(now - openAgeMs, FAILURES_PER_SHARD),
      );
      return answer.ok ? [{ ...answer.value, name }] : [];
    }),
  );
  const shards = answers.flat();
  return { shards, areAll: isComplete && shards.length === names.length };
}

async function alertFailures({ index, url, settleEnv }: AlertContext, { shards }: ShardFacts): Promise<void> {
  const failures = shards.flatMap((shard) => shard.failures);
  if (failures.length === 0 || !(await postAlert(url, "failures", failuresText(settleEnv, failures)))) return;
  await Promise.all(
    shards.map(async ({ name, failures: reported }) => {
      if (reported.length > 0) await askShard(index, name, (stub) => stub.markReported(reported));
    }),
  );
}

async function alertOpenAge(context: AlertContext, facts: ShardFacts): Promise<void> {
  const { index, url, openAgeMs, settleEnv, now } = context;
  const stored = await readNote(index, OPEN_AGE);
  // Without the note it is unknown when this was reported. The next sweep may know.
  if (!stored.ok) return;
  const note = readOpenAgeNote(stored.value);
  const open = longOpenOfAll(facts.shards.map((shard) => shard.longOpen));
  if (open.oldest === null) {
    // No event is open for long any more: the next case is reported at once.
    if (note !== null && facts.areAll) await writeNote(index, OPEN_AGE, null);
    return;
  }
  if (!isNewCase(open, note, openAgeMs, now)) return;
  const text = longOpenText(settleEnv, { money: open.money, oldest: open.oldest }, openAgeMs, now);
  if (!(await postAlert(url, "open_age", text))) return;
  await writeNote(index, OPEN_AGE, { told_at: now });
  await Promise.all(
    facts.shards.map(({ name }) =>
      askShard(index, name, (stub) => stub.markLongOpenReported(now - openAgeMs)),
    ),
  );
}

/** Each of the two cases is noted by itself: one that was not accepted does not repeat the other. */
async function alertReconciliation(context: AlertContext, connectedAccounts: number): Promise<void> {
  const { index, url, settleEnv, now } = context;
  const stored = await readNote(index, RECONCILIATION);
  if (!stored.ok) return;
  const note = readReconciliationNote(stored.value);
  const watermark = await askReconciler(index.env, (stub) => stub.watermark());
  const silent_since = watermark.ok ? null : (note.silent_since ?? now);
  const late = watermark.ok ? behind(watermark.value) : isSilentForLong(silent_since, now) ? [OWN] : [];
  const unreported = late.filter((account) => !note.behind.includes(account));
  const text = watermark.ok
    ? behindText(settleEnv, watermark.value, unreported)
    : silentText(settleEnv, silent_since, now);
  const isReported = unreported.length === 0 || (await postAlert(url, "behind", text));
  const runs = Math.min(RUNS_CONSIDERED * (1 + connectedAccounts), RUNS_CONSIDERED_MAX);
  const next: ReconciliationNote = {
    silent_since,
    behind: isReported ? late : late.filter((account) => note.behind.includes(account)),
    run: await alertFindings(context, note.run, runs),
  };
  if (JSON.stringify(next) !== JSON.stringify(note)) await writeNote(index, RECONCILIATION, next);
}

/**
 * For every hourly run since the last reported one, oldest first. Returns the
 * run that is the last reported one now.
 */
async function alertFindings(
  { index, url, settleEnv }: AlertContext,
  reportedRun: string | null,
  considered: number,
): Promise<string | null> {
  const runs = await askReconciler(index.env, (stub) => stub.list(considered));
  if (!runs.ok) return reportedRun;
  let last = reportedRun;
  const readable = runs.value.filter((run) => run.status !== "unreadable");
  for (const run of unreportedRuns(readable, reportedRun)) {
    const text = findingsText(settleEnv, run);
    if (text !== null && !(await postAlert(url, "findings", text))) return last;
    last = run.id;
  }
  return last;
}

function readNote(index: IndexPlace, name: string) {
  return askShard(index, NOTES_SHARD, (stub) => stub.alertNote(name));
}

async function writeNote(index: IndexPlace, name: string, value: object | null): Promise<void> {
  await askShard(index, NOTES_SHARD, (stub) => stub.setAlertNote(name, value));
}
