/** The loads that more than one comparison uses. Pure. */
import { ADMIN_KEY, SIGNING_SECRET } from "../bench.ts";
import { CONCURRENCY } from "../effort.ts";
import type { Load } from "../measure.ts";

export function indices(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

/** Events `from` and on, each delivered for the first time. */
export function settle(store: string, from: number, count: number): Load {
  return { ...deliver(store, indices(from, count), 200, '"deduped":false'), opens: count };
}

/** Settled events, delivered again. */
export function replay(store: string, events: readonly number[], concurrency = CONCURRENCY): Load {
  return { ...deliver(store, events, 200, '"deduped":true'), concurrency };
}

/** Signed with another secret. */
export function forge(count: number): Load {
  return deliver("forged", indices(0, count), 401, "", "whsec_of_a_forger");
}

export function list(times: number, concurrency: number): Load {
  return {
    concurrency,
    work: { kind: "gets", path: "/v1/admin/events", adminKey: ADMIN_KEY, times },
    expect: { status: 200, text: '"events":[{' },
  };
}

function deliver(
  store: string,
  events: readonly number[],
  status: number,
  text: string,
  secret = SIGNING_SECRET,
): Load {
  const work = { kind: "deliveries", store, indices: events, secret } as const;
  return { concurrency: CONCURRENCY, work, expect: { status, text } };
}
