/**
 * One page of Stripe's list, from the question to what was found. Nothing of it is stored here: the caller commits the
 * findings and the cursor in one turn, so a page that is cut off anywhere is walked again and counts once.
 *
 * Requests of one page: 1 to Stripe, at most 100 to the ledger, and at most 300 to events' objects (asked, acted upon,
 * asked again): well under the 1,000 that one invocation may make.
 */
import { utf8 } from "../bytes.ts";
import { concurrently } from "../concurrently.ts";
import type { Prepared } from "../delivery/prepare.ts";
import type { Guarded } from "../event/guarded.ts";
import type { Delivery } from "../event/step.ts";
import type { EventState } from "../event/view.ts";
import type { LedgerReader, SettlementLookup } from "../ledger/port.ts";
import { retryAfterMs } from "../ledger/outcome.ts";
import type { EventsAnswer, StripeEvents } from "../stripe-api/port.ts";
import { advance, type Cursor, type Entry, entryOf, isNew, withoutId } from "./cursor.ts";
import type { Finding } from "./findings.ts";
import { type Act, actFor, difference, judge, type Listed, type Seen } from "./judge.ts";
import type { FailureCode, Running } from "./run.ts";
import { type Bounds, createdRange } from "./window.ts";

/** Stripe's most. */
const PAGE_EVENTS = 100;
/** The ledger serves Stripe's deliveries at the same time. */
const AT_ONCE = 6;
/** As the webhook's. */
const MAX_EVENT_BYTES = 1_048_576;

export interface PagePorts {
  readonly stripe: StripeEvents;
  readonly ledger: LedgerReader;
  readonly inspect: (eventId: string) => Promise<Guarded<EventState | null>>;
  readonly deliver: (delivery: Delivery) => Promise<unknown>;
  readonly poke: (eventId: string) => Promise<unknown>;
  readonly prepare: (body: Uint8Array<ArrayBuffer>) => Promise<Prepared>;
  readonly types: readonly string[];
  readonly bounds: () => Bounds;
  readonly now: () => number;
  /** On record before anything is done. */
  readonly intend: (acting: Running["acting"]) => void;
}

export type PageOutcome =
  | {
      readonly kind: "page";
      readonly findings: readonly Finding[];
      readonly cursor: Cursor;
      readonly walked: boolean;
      readonly reached: number | null;
    }
  /** The same page again: now, from another cursor; or later. */
  | { readonly kind: "from"; readonly cursor: Cursor }
  | { readonly kind: "later"; readonly why: FailureCode; readonly retryAfterMs: number | null }
  | { readonly kind: "failed"; readonly error: FailureCode };

export async function walkPage(run: Running, ports: PagePorts): Promise<PageOutcome> {
  const { cursor } = run;
  const { gte, lt } = createdRange(run);
  const answer = await ports.stripe.list({
    types: ports.types,
    createdGte: gte,
    createdLt: Math.min(cursor.created_lt ?? lt, lt),
    startingAfter: cursor.starting_after,
    limit: PAGE_EVENTS,
  });
  if (answer.kind !== "page") return withoutPage(answer, cursor, ports.now());

  const listed = answer.events.map((event) => ({ event, entry: entryOf(event) }));
  const entries = listed.flatMap(({ entry }) => entry ?? []);
  // Without ids and times nobody can go on in a list. Stripe's always has them, so this is not Stripe's.
  if (entries.length < listed.length) return { kind: "later", why: "stripe_rejected", retryAfterMs: null };

  const fresh = listed.filter(({ entry }) => entry !== null && isNew(cursor, entry));
  const prepared = await Promise.all(
    fresh.map(async ({ event, entry }) => ({ entry: entry as Entry, prepared: await prepare(event, ports) })),
  );
  if (prepared.some(({ prepared: { ok, ...rest } }) => !ok && isWrongMode(rest))) {
    return { kind: "failed", error: "livemode_mismatch" };
  }
  const findings = await look(run, prepared, ports);
  if ("kind" in findings) return findings;
  const last = entries.at(-1);
  return {
    kind: "page",
    findings,
    cursor: advance(cursor, entries),
    walked: !answer.hasMore,
    reached: last === undefined ? run.reached : last.created * 1_000,
  };
}

function withoutPage(
  answer: Exclude<EventsAnswer, { kind: "page" }>,
  cursor: Cursor,
  now: number,
): PageOutcome {
  switch (answer.kind) {
    case "refused":
      return { kind: "failed", error: "stripe_unauthorized" };
    case "rejected":
      return { kind: "failed", error: "stripe_rejected" };
    case "unavailable":
      return { kind: "later", why: "stripe_unavailable", retryAfterMs: retryAfterMs(answer.retryAfter, now) };
    case "cursor_unknown": {
      const again = withoutId(cursor);
      return again === null ? { kind: "failed", error: "stripe_rejected" } : { kind: "from", cursor: again };
    }
  }
}

/** As bytes, since that is how every event comes in: one way to read it, and evidence of what was read. */
async function prepare(event: unknown, ports: PagePorts): Promise<Prepared> {
  const body = utf8(JSON.stringify(event));
  if (body.length > MAX_EVENT_BYTES) {
    return {
      ok: false,
      failure: { kind: "payload_too_large", limitBytes: MAX_EVENT_BYTES },
      why: "too_large",
    };
  }
  return ports.prepare(body);
}

function isWrongMode(refused: object): boolean {
  return "failure" in refused && (refused.failure as { kind: string }).kind === "livemode_mismatch";
}

interface Candidate {
  readonly entry: Entry;
  readonly prepared: Prepared;
}

/** Ask, note what will be done, do it, ask again, ask the ledger, judge. */
async function look(
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
  const acting = { ...run.acting, ...begun(good, acts) };
  if (acts.some((act) => act === "deliver" || act === "poke")) ports.intend(acting);
  const seen = await concurrently([...good.entries()], AT_ONCE, async ([i, { delivery, listed }]) => {
    const act = acts[i] ?? null;
    if (act === null) return first[i] as Seen;
    // A poke joins the attempt that is under way, and moves nothing that is not overdue.
    await (act === "deliver" ? ports.deliver(delivery) : ports.poke(listed.event_id));
    return see(listed.event_id, ports);
  });
  const held = await readLedger(seen, ports);
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

/** Of forwarded events. A ledger that does not answer is asked no further: the page comes again, later. */
async function readLedger(
  seen: readonly Seen[],
  { ledger }: PagePorts,
): Promise<readonly (SettlementLookup | null)[] | Extract<PageOutcome, { kind: "later" }>> {
  let silent: { readonly retryAfterMs: number | null } | null = null;
  const held = await concurrently(seen, AT_ONCE, async (each) => {
    if (silent !== null || each.kind !== "known") return null;
    const { state, settlement } = each.event;
    if (state !== "forwarded" || settlement === null) return null;
    const answer = await ledger.findSettlement(settlement.external_payment_id, settlement.direction);
    if (answer.kind === "unavailable") silent = { retryAfterMs: answer.retry_after_ms };
    if (answer.kind === "unknown") silent = { retryAfterMs: null };
    return answer;
  });
  const stopped = silent as { readonly retryAfterMs: number | null } | null;
  return stopped === null ? held : { kind: "later", why: "ledger_unavailable", ...stopped };
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
