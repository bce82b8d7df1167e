/** Looking at the events of one page: ask each, note what will be done, do it, ask again, ask the ledger, judge. */
import { concurrently } from "../concurrently.ts";
import type { Prepared } from "../delivery/prepare.ts";
import type { Delivery } from "../event/machine-types.ts";
import type { SettlementLookup } from "../ledger/port.ts";
import type { Entry } from "./list-position.ts";
import type { Finding } from "./findings.ts";
import { type Act, actFor, difference, judge, type Listed, type Seen } from "./judge.ts";
import type { PageOutcome, PagePorts } from "./ports.ts";
import type { Running } from "./run.ts";

/** The ledger serves Stripe's deliveries at the same time. */
const AT_ONCE = 6;

/** A few minutes. */
const FAILURES_BEFORE_SKIPPING = 6;

export interface Candidate {
  readonly entry: Entry;
  readonly prepared: Prepared;
}

export async function look(
  run: Running,
  candidates: readonly Candidate[],
  ports: PagePorts,
): Promise<readonly Finding[] | Extract<PageOutcome, { kind: "later" }>> {
  const good = candidates.flatMap(({ entry, prepared }) =>
    prepared.ok ? { delivery: prepared.delivery, listed: listedOf(prepared.delivery, entry) } : [],
  );
  const first = await concurrently(good, AT_ONCE, ({ listed }) => see(listed.event_id, ports));
  const bounds = ports.bounds();
  const acts = good.map(({ listed }, i) =>
    run.dry_run ? null : actFor(listed, first[i] as Seen, bounds, ports.now()),
  );
  // What was begun before a crash stays what it was: an event that was delivered then may be poked now.
  const acting = { ...begun(good, acts), ...run.acting };
  if (acts.some((act) => act === "deliver" || act === "poke")) ports.intend(acting);
  const seen = await concurrently([...good.entries()], AT_ONCE, async ([i, { delivery, listed }]) => {
    const act = acts[i] ?? null;
    if (act === null) return first[i] as Seen;
    // A poke joins the attempt that is under way, and moves nothing that is not overdue.
    await (act === "deliver" ? ports.deliver(delivery) : ports.poke(listed.event_id));
    return see(listed.event_id, ports);
  });
  const held = await readLedger(seen, ports, run.failures >= FAILURES_BEFORE_SKIPPING);
  if ("kind" in held) return held;
  return [
    ...good.map(({ listed }, i) =>
      judge({
        listed,
        seen: seen[i] as Seen,
        act: acting[listed.event_id] ?? null,
        ledger: held[i] ?? null,
        bounds,
      }),
    ),
    ...candidates.flatMap(({ entry, prepared }) =>
      prepared.ok ? [] : malformed(entry, prepared.failure.kind),
    ),
  ];
}

function begun(
  good: readonly { readonly listed: Listed }[],
  acts: readonly (Act | null)[],
): Running["acting"] {
  return Object.fromEntries(
    good.flatMap(({ listed }, i) => {
      const act = acts[i];
      return act === "deliver" || act === "poke" ? [[listed.event_id, act]] : [];
    }),
  );
}

async function see(eventId: string, ports: PagePorts): Promise<Seen> {
  const answer = await ports.inspect(eventId);
  if (!answer.ok) return { kind: "unreachable" };
  return answer.value === null ? { kind: "unknown" } : { kind: "known", event: answer.value };
}

/**
 * Of forwarded events. A ledger that does not answer is asked no further: the page comes again, later. Unless that has
 * gone on for a while (`persist`), and others of the page are answered: then it is about the one event, which must not
 * keep all others from being looked at.
 */
async function readLedger(
  seen: readonly Seen[],
  { ledger }: PagePorts,
  persist: boolean,
): Promise<readonly (SettlementLookup | null)[] | Extract<PageOutcome, { kind: "later" }>> {
  let silent: { readonly retryAfterMs: number | null } | null = null;
  let answered = false;
  const held = await concurrently(seen, AT_ONCE, async (each) => {
    if ((silent !== null && !persist) || each.kind !== "known") return null;
    const { state, settlement } = each.event;
    if (state !== "forwarded" || settlement === null) return null;
    const answer = await ledger.findSettlement(settlement.external_payment_id, settlement.direction);
    if (isSilence(answer))
      silent = { retryAfterMs: "retry_after_ms" in answer ? answer.retry_after_ms : null };
    else answered = true;
    return answer;
  });
  const stopped = silent as { readonly retryAfterMs: number | null } | null;
  if (stopped === null || (persist && answered)) return held;
  return { kind: "later", why: "ledger_unavailable", ...stopped };
}

/** An answer that is not understood is one: asking again would hear the same. */
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
