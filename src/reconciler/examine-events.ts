/**
 * The events of one page. What is over and right, by what was walked, needs no question. Of the others:
 * inspect each, record what will be done, do it, inspect again, ask the ledger, judge.
 */
import { concurrently } from "../concurrently.ts";
import type { Prepared } from "../delivery/prepare.ts";
import type { Delivery } from "../event/machine-types.ts";
import type { ListedSettlement, SettlementLookup } from "../ledger/port.ts";
import type { KnownSettlement } from "../settlement/settlement.ts";
import { againstLedger, moneyOf } from "./compare.ts";
import type { Finding } from "./findings.ts";
import type { Act, Inspection, Listed, Lookup } from "./evidence.ts";
import { actFor, difference, judge } from "./judge.ts";
import { judgeBySummary } from "./judge-by-summary.ts";
import type { Entry } from "./list-position.ts";
import type { PagePorts, Postponed } from "./ports.ts";
import type { Running } from "./run.ts";

/** The ledger serves Stripe's deliveries at the same time. */
const CONCURRENCY = 6;
/** A few minutes. */
const FAILURES_BEFORE_SKIPPING = 6;

export interface Candidate {
  readonly entry: Entry;
  readonly prepared: Prepared;
}

interface Examined {
  readonly listed: Listed;
  readonly delivery: Delivery;
  readonly act: Act | null;
  readonly inspection: Inspection;
}

export interface Examination {
  readonly findings: readonly Finding[];
  /** Ids of events that are forwarded, and whose settlements are in the ledger as they must be. */
  readonly settled: ReadonlyMap<string, ListedSettlement>;
}

export async function examineEvents(
  run: Running,
  candidates: readonly Candidate[],
  ports: PagePorts,
): Promise<Examination | Postponed> {
  const events = candidates.flatMap(({ entry, prepared }) =>
    prepared.kind === "delivery"
      ? { delivery: prepared.delivery, listed: listedOf(prepared.delivery, entry) }
      : [],
  );
  const findings: Finding[] = [];
  const settled = new Map<string, ListedSettlement>();
  const unclear: typeof events = [];
  // Whether the ledger answers about others is known only if it is asked about others.
  const persists = run.failures >= FAILURES_BEFORE_SKIPPING;
  for (const event of events) {
    const { listed } = event;
    const held = heldOf(moneyOf(listed.mapping), ports);
    const summary = ports.tables.summary(listed.event_id);
    const finding =
      summary === null || persists
        ? null
        : judgeBySummary(listed, { summary, held }, { bounds: ports.bounds(), now: ports.now() });
    if (finding === null) unclear.push(event);
    else findings.push(finding);
    if (finding !== null && held !== null && summary?.state === "forwarded") {
      settled.set(listed.event_id, held);
    }
  }
  const examined = await examineUnclear(run, unclear, ports, persists);
  if ("kind" in examined) return examined;
  const refused = candidates.flatMap(({ entry, prepared }) =>
    prepared.kind === "refused" ? malformed(entry, prepared.failure.kind) : [],
  );
  return { findings: [...findings, ...examined, ...refused], settled };
}

function heldOf(money: KnownSettlement | null, { tables }: PagePorts): ListedSettlement | null {
  return money === null ? null : tables.settlement(money);
}

async function examineUnclear(
  run: Running,
  unclear: readonly Pick<Examined, "delivery" | "listed">[],
  ports: PagePorts,
  persists: boolean,
): Promise<readonly Finding[] | Postponed> {
  const inspections = await concurrently(unclear, CONCURRENCY, ({ listed }) =>
    inspect(listed.event_id, ports),
  );
  // Read after the inspections: what may have been purged by then counts as purged.
  const bounds = ports.bounds();
  const now = ports.now();
  const before = unclear.map(({ listed, delivery }, i): Examined => {
    const inspection = inspections[i] as Inspection;
    const act = run.dry_run ? null : actFor(listed, inspection, bounds, now);
    return { listed, delivery, act, inspection };
  });
  // What was started before a crash stays as recorded: an event that was delivered then may be poked now.
  const acting = { ...startedBy(before), ...run.acting };
  if (before.some(({ act }) => act !== null && act !== "wait")) ports.recordActing(acting);
  const after = await concurrently(before, CONCURRENCY, async (event) => {
    const { act, delivery, listed } = event;
    if (act === null) return event;
    // A poke joins the attempt that is under way, and moves nothing that is not overdue.
    const delivers = act === "deliver" || act === "redeliver";
    await (delivers ? ports.deliver(delivery) : ports.poke(listed.event_id));
    return { ...event, inspection: await inspect(listed.event_id, ports) };
  });
  const lookups = await askLedger(after, ports, persists);
  if ("kind" in lookups) return lookups;
  return after.map(({ listed, inspection }, i) => {
    const act = acting[listed.event_id] ?? null;
    return judge({ listed, inspection, act, ledger: lookups[i] ?? null, bounds });
  });
}

function startedBy(events: readonly Examined[]): Running["acting"] {
  return Object.fromEntries(
    events.flatMap(({ act, listed }) => (act === null || act === "wait" ? [] : [[listed.event_id, act]])),
  );
}

async function inspect(eventId: string, ports: PagePorts): Promise<Inspection> {
  const answer = await ports.inspect(eventId);
  if (!answer.ok) return { kind: "unreachable" };
  return answer.value === null ? { kind: "unknown" } : { kind: "known", event: answer.value };
}

/**
 * About forwarded events: what was walked, if nothing in it contradicts the event, since it may be older than
 * the event's last change. A ledger that does not answer is asked no further: the page is walked again later.
 * Unless that has gone on for a while (`persist`), and the ledger answers about others of the page: then the
 * cause is the one event, which must not keep all others from being examined.
 */
async function askLedger(
  events: readonly Examined[],
  ports: PagePorts,
  persist: boolean,
): Promise<readonly (Lookup | null)[] | Postponed> {
  let silence = null as Postponed | null;
  let answered = false;
  const lookups = await concurrently(events, CONCURRENCY, async ({ inspection }): Promise<Lookup | null> => {
    if ((silence !== null && !persist) || inspection.kind !== "known") return null;
    const { state, settlement } = inspection.event;
    if (state !== "forwarded" || settlement === null) return null;
    const held = persist ? null : heldOf(settlement, ports);
    if (held !== null && againstLedger(settlement, held).length === 0)
      return { kind: "found", settlement: held };
    const answer = await ports.ledger.findSettlement(settlement.external_payment_id, settlement.direction);
    if (isSilence(answer)) {
      const retryAfterMs = "retry_after_ms" in answer ? answer.retry_after_ms : null;
      silence = { kind: "later", why: "ledger_unavailable", retryAfterMs };
    } else answered = true;
    return answer;
  });
  return persist && answered ? lookups : (silence ?? lookups);
}

/** An answer that is not understood is one: the same question would get the same answer. */
function isSilence(answer: SettlementLookup): boolean {
  if (answer.kind === "unknown") return answer.why !== "answer_not_the_ledgers";
  return answer.kind === "unavailable";
}

function listedOf({ event_id, event_type, mapping }: Delivery, { created }: Entry): Listed {
  return { event_id, event_type, created: created * 1_000, mapping };
}

function malformed({ id, created }: Entry, reason: string): Finding {
  const listed: Listed = {
    event_id: /^[A-Za-z0-9_]{1,255}$/.test(id) ? id : "unreadable",
    event_type: "unreadable",
    created: created * 1_000,
    mapping: { kind: "ignored", reason: "not_a_settlement_event" },
  };
  return { differences: [difference(listed, "malformed", { reason })], amounts: [] };
}
