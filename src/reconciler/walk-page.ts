/**
 * One page of Stripe's list, from the question to what was found. Nothing of it is stored here: the caller commits the
 * findings and the cursor in one turn, so a page that is cut off anywhere is walked again and counts once.
 *
 * Requests of one page: 1 to Stripe, at most 100 to the ledger, and at most 300 to events' objects (asked, acted upon,
 * asked again): well under the 1,000 that one invocation may make.
 */
import { utf8 } from "../bytes.ts";
import type { Prepared } from "../delivery/prepare.ts";
import { retryAfterMs } from "../ledger/outcome.ts";
import { EVENT_MAX_BYTES } from "../stripe/event.ts";
import type { EventsAnswer } from "../stripe-api/port.ts";
import { advance, type Cursor, type Entry, entryOf, isNew, withoutId } from "./list-position.ts";
import { look } from "./examine-events.ts";
import type { PageOutcome, PagePorts } from "./ports.ts";
import type { Running } from "./run.ts";
import { createdRange } from "./window.ts";

/** Stripe's most. */
const PAGE_EVENTS = 100;

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
  if (body.length > EVENT_MAX_BYTES) {
    return {
      ok: false,
      failure: { kind: "payload_too_large", limitBytes: EVENT_MAX_BYTES },
      why: "too_large",
    };
  }
  return ports.prepare(body);
}

function isWrongMode(refused: object): boolean {
  return "failure" in refused && (refused.failure as { kind: string }).kind === "livemode_mismatch";
}
