/**
 * One step of what is not Stripe's list of events: a page of the index, of the ledger's settlements or of
 * Stripe's balance transactions, or a number of comparisons. Nothing is stored here but by the caller, in one
 * turn with the position.
 *
 * Requests of one step: 1 to Stripe or the ledger, or 1 to each shard of the index; in a comparison at most
 * {@link QUESTIONS_MAX} times 1 to the ledger, 10 to events' objects, and one to each shard of the index for
 * each name: under the 10,000 that an invocation may make.
 */
import { concurrently } from "../concurrently.ts";
import type { At, AuditPosition } from "./audit-position.ts";
import { eventsOfMoney } from "./events-of-money.ts";
import type { Key } from "./expected-settlement.ts";
import {
  carriesMoney,
  type Booked,
  judgeMoney,
  type Judgement,
  type Money,
  type MoneyEvidence,
} from "./judge-money.ts";
import { judgeSettlement } from "./judge-settlement.ts";
import { isEffectful } from "../ledger/settle.ts";
import type { AuditOutcome, AuditPorts, Postponed } from "./ports.ts";
import type { Running } from "./run.ts";
import { audited, ledgerSilence, walkSettlements, walkSummaries, walkTransactions } from "./walk-lists.ts";

const COMPARED_AT_ONCE = 500;
/** What is not found among what was walked is asked for. */
const QUESTIONS_MAX = 30;
const CONCURRENCY = 6;

const UNANSWERED: Postponed = { kind: "later", why: "internal", retryAfterMs: null };

export function auditStep(run: Running, ports: AuditPorts): Promise<AuditOutcome> | AuditOutcome {
  switch (run.audit.phase) {
    case "summaries":
      return walkSummaries(run, run.audit, ports);
    case "settlements":
      return walkSettlements(run, run.audit, ports);
    case "transactions":
      return walkTransactions(run, run.audit, ports);
    case "comparing":
      return compareTransactions(run.audit, ports);
    case "backing":
      return compareSettlements(run.audit, ports);
    case "done":
      return audited(run.audit);
  }
}

async function compareTransactions({ after }: At<"comparing">, ports: AuditPorts): Promise<AuditOutcome> {
  const rows = ports.tables.transactionsAfter(after, COMPARED_AT_ONCE);
  const local = rows.map((money) => ({ money, evidence: evidenceIn(money, ports) }));
  const some = withinQuestions(local, ({ money, evidence }) => isToBeAsked(money, evidence));
  const judged = await concurrently(some, CONCURRENCY, async ({ money, evidence }) => {
    const asked = isToBeAsked(money, evidence) ? await ask(money, evidence, ports) : evidence;
    return "kind" in asked ? asked : { judgement: judgeMoney(money, asked), evidence: asked };
  });
  const results: { judgement: Judgement; evidence: MoneyEvidence }[] = [];
  for (const each of judged) {
    if ("kind" in each) return each;
    results.push(each);
  }
  const last = some.at(-1)?.money.id;
  const isOver = last === undefined || (some.length === rows.length && rows.length < COMPARED_AT_ONCE);
  return {
    ...audited(isOver ? { phase: "backing", after: ["", ""] } : { phase: "comparing", after: last }),
    judgements: results.map(({ judgement }) => judgement),
    backed: results.flatMap(({ evidence }) => evidence.others.concat(evidence.booked ?? [])),
  };
}

/** From what was walked. */
function evidenceIn({ id, meaning }: Money, { tables }: AuditPorts): MoneyEvidence {
  if (meaning.kind !== "settlement") return { booked: null, others: [], payment_account: null, events: [] };
  const { key, aliases, payment } = meaning;
  const booked = tables.settlement(key);
  const named = [
    ...aliases.flatMap((alias) => tables.settlement(alias) ?? []),
    ...tables.settlementsNaming(id),
  ];
  const others = new Map(named.filter((each) => each.id !== booked?.id).map((each) => [each.id, each]));
  const payin =
    payment === null ? null : tables.settlement({ external_payment_id: payment, direction: "payin" });
  return { booked, others: [...others.values()], payment_account: payin?.account_id ?? null, events: [] };
}

function isToBeAsked({ meaning }: Money, { booked }: MoneyEvidence): boolean {
  return meaning.kind === "settlement" && booked === null;
}

/** The ledger by the key, and if it has none, what became of the events. */
async function ask(
  { meaning }: Money,
  evidence: MoneyEvidence,
  ports: AuditPorts,
): Promise<MoneyEvidence | Postponed> {
  if (meaning.kind !== "settlement") return evidence;
  const { key, names, otherwise } = meaning;
  const found = await ports.ledger.findSettlement(key.external_payment_id, key.direction);
  if (found.kind === "found")
    return { ...evidence, booked: { ...key, ...found.settlement } satisfies Booked };
  if (found.kind !== "absent") return ledgerSilence(found);
  if (otherwise !== null || evidence.others.some(carriesMoney)) return evidence;
  const events = await eventsOfMoney(key, names, ports);
  return events === null ? UNANSWERED : { ...evidence, events: events.map(({ state }) => state) };
}

async function compareSettlements({ after }: At<"backing">, ports: AuditPorts): Promise<AuditOutcome> {
  const rows = ports.tables.settlementsAfter(after, COMPARED_AT_ONCE);
  const some = withinQuestions(rows, (row) => !row.is_backed && isEffectful(row.settlement));
  const judged = await concurrently(some, CONCURRENCY, async ({ settlement, is_backed }) => {
    if (is_backed || !isEffectful(settlement)) return judgeSettlement(settlement, is_backed);
    const key = settlement as Key;
    const events = await eventsOfMoney(key, [settlement.external_payment_id], ports);
    return events === null ? UNANSWERED : judgeSettlement(settlement, events.some(backs));
  });
  const differences = [];
  for (const each of judged) {
    if ("kind" in each) return each;
    differences.push(...each);
  }
  const last = some.at(-1)?.settlement;
  const isOver = last === undefined || (some.length === rows.length && rows.length < COMPARED_AT_ONCE);
  const next: AuditPosition = isOver
    ? { phase: "done" }
    : { phase: "backing", after: [last.external_payment_id, last.direction] };
  return { ...audited(next), judgements: [{ amounts: [], differences }] };
}

/**
 * One that is ignored means that no money moved; one that waits for an operator may have been booked by hand.
 */
function backs({ state, is_settlement }: { state: string; is_settlement: boolean }): boolean {
  return is_settlement || state !== "ignored";
}

/** As many of the first as need no more questions than one step may ask. */
function withinQuestions<T>(rows: readonly T[], needsOne: (row: T) => boolean): readonly T[] {
  let questions = 0;
  const end = rows.findIndex((row) => needsOne(row) && ++questions > QUESTIONS_MAX);
  return end < 0 ? rows : rows.slice(0, end);
}
