/** The jobs that more than one comparison gives to the load generator. Pure. */
import { CONCURRENCY } from "../effort.ts";
import type { Job } from "../load/job.ts";
import { ADMIN_KEY, SIGNING_SECRET } from "../bench.ts";

type Load = Omit<Job, "origin">;

/** How many objects may be opened by a run: one for each event, with three files each, and some to spare. */
export function descriptorsFor(events: number): number {
  return 3 * events + 500;
}

/** Events `from` and on, each delivered for the first time. */
export function settle(store: string, from: number, count: number): Load {
  const indices = Array.from({ length: count }, (_, i) => from + i);
  return {
    concurrency: CONCURRENCY,
    work: { kind: "deliveries", store, indices, secret: SIGNING_SECRET },
    expect: { status: 200, text: '"deduped":false' },
  };
}

/** Settled events, delivered again. */
export function replay(store: string, indices: readonly number[], concurrency = CONCURRENCY): Load {
  return {
    concurrency,
    work: { kind: "deliveries", store, indices, secret: SIGNING_SECRET },
    expect: { status: 200, text: '"deduped":true' },
  };
}

/** Signed with another secret. */
export function forge(count: number): Load {
  const indices = Array.from({ length: count }, (_, i) => i);
  return {
    concurrency: CONCURRENCY,
    work: { kind: "deliveries", store: "forged", indices, secret: "whsec_of_a_forger" },
    expect: { status: 401, text: "" },
  };
}

export function list(times: number, concurrency: number): Load {
  return {
    concurrency,
    work: { kind: "gets", path: "/v1/admin/events", adminKey: ADMIN_KEY, times },
    expect: { status: 200, text: '"events":[{' },
  };
}
