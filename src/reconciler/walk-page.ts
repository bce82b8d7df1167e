/**
 * One page of Stripe's list, from the request to the findings. Nothing is stored here: the caller commits the
 * findings and the position in one turn, so a page that is cut off anywhere is walked again and counts once.
 *
 * Requests of one page: 1 to Stripe, mostly no other; at most 100 to the ledger, and 300 to events' objects
 * (inspected, acted upon, inspected again): well under the 10,000 that one invocation may make.
 */
import { utf8 } from "../bytes.ts";
import { EVENT_MAX_BYTES } from "../stripe/event.ts";
import { type Candidate, examineEvents } from "./examine-events.ts";
import { eventNamesOf } from "./event-names.ts";
import { advance, type Entry, entryOf, isNew } from "./list-position.ts";
import type { PageOutcome, PagePorts } from "./ports.ts";
import type { Running } from "./run.ts";
import { createdRange } from "./window.ts";
import { withoutPage } from "./without-page.ts";

/** Stripe's maximum. */
const PAGE_EVENTS = 100;

export async function walkPage(run: Running, ports: PagePorts): Promise<PageOutcome> {
  const { cursor: position } = run;
  const { gte, lt } = createdRange(run);
  const answer = await ports.stripe.list({
    types: ports.types,
    createdGte: gte,
    createdLt: Math.min(position.created_lt ?? lt, lt),
    startingAfter: position.starting_after,
    limit: PAGE_EVENTS,
  });
  if (answer.kind !== "page") return withoutPage(answer, position, ports.now());

  const entries = answer.items.flatMap((event) => entryOf(event) ?? []);
  // Without ids and times the list cannot be continued. Stripe's always has
  // them, so this answer is not Stripe's.
  if (entries.length < answer.items.length) {
    return { kind: "later", why: "stripe_rejected", retryAfterMs: null };
  }
  const candidates = await Promise.all(
    entries.flatMap((entry, i) =>
      isNew(position, entry) ? candidate(entry, ownedBy(run, answer.items[i]), ports) : [],
    ),
  );
  if (
    candidates.some(
      ({ prepared }) => prepared.kind === "refused" && prepared.failure.kind === "livemode_mismatch",
    )
  ) {
    return { kind: "failed", error: "livemode_mismatch" };
  }
  const examination = await examineEvents(run, candidates, ports);
  if ("kind" in examination) return examination;
  const { findings, settled } = examination;
  const last = entries.at(-1);
  return {
    kind: "page",
    findings,
    // Money is looked for by these names only if the ledger has no settlement of it.
    names: answer.items.flatMap(eventNamesOf).filter(({ event_id }) => !settled.has(event_id)),
    backed: [...settled.values()],
    examined: entries.map(({ id }) => id),
    position: advance(position, entries),
    walked: !answer.hasMore,
    reached: last === undefined ? run.reached : last.created * 1_000,
  };
}

/**
 * Stripe names the connected account of an event that it delivers; asked
 * as that account, it may leave it out.
 */
function ownedBy({ stripe_account }: Running, event: unknown): unknown {
  return stripe_account === null ? event : { ...(event as object), account: stripe_account };
}

/** As bytes, like an event that arrives by webhook: one way to read it, and evidence of what was read. */
async function candidate(entry: Entry, event: unknown, ports: PagePorts): Promise<Candidate> {
  const body = utf8(JSON.stringify(event));
  if (body.length <= EVENT_MAX_BYTES) return { entry, prepared: await ports.prepare(body) };
  const failure = { kind: "payload_too_large", limitBytes: EVENT_MAX_BYTES } as const;
  return { entry, prepared: { kind: "refused", failure, why: "too_large" } };
}
