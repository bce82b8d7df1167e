import { messageOf } from "../../lib/failure.ts";
import { at, type Answer } from "../../lib/http.ts";

const MS_PER_SECOND = 1000;

export type LoadResult = {
  /** How often each kind of answer came, e.g. "200 forwarded". */
  readonly counts: ReadonlyMap<string, number>;
  readonly latenciesMs: Float64Array;
  readonly seconds: number;
  readonly allAccepted: boolean;
};

/** Sends `times` requests, never more than `concurrency` at once. A request that fails is counted, not thrown. */
export async function load(
  options: { readonly times: number; readonly concurrency: number; readonly onDone: () => void },
  send: () => Promise<Answer>,
): Promise<LoadResult> {
  const counts = new Map<string, number>();
  const latenciesMs = new Float64Array(options.times);
  let begun = 0;
  let allAccepted = true;
  const started = performance.now();

  const lane = async (): Promise<void> => {
    while (begun < options.times) {
      const index = begun;
      begun += 1;
      const sentAt = performance.now();
      const answer = await send().catch((error: unknown) => `no answer: ${messageOf(error)}`);
      latenciesMs[index] = performance.now() - sentAt;
      const kind = typeof answer === "string" ? answer : kindOf(answer);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (typeof answer === "string" || !isAccepted(answer)) allAccepted = false;
      options.onDone();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.concurrency, options.times) }, lane));

  const seconds = (performance.now() - started) / MS_PER_SECOND;
  return { counts, latenciesMs: latenciesMs.sort(), seconds, allAccepted };
}

export function isAccepted(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/** Status and state of an answer, or its error code, in a few words. */
export function kindOf(answer: Answer): string {
  const what = at(answer.body, "state") ?? at(answer.body, "code") ?? "";
  const deduped = at(answer.body, "deduped") === true ? " (deduplicated)" : "";
  return `${answer.status} ${String(what)}${deduped}`.trim();
}

export function summary({ counts, latenciesMs, seconds }: LoadResult): string {
  const total = latenciesMs.length;
  const kinds = [...counts].sort(([, a], [, b]) => b - a);
  const lines = kinds.map(([kind, count]) => `  ${String(count).padStart(String(total).length)}  ${kind}`);
  return [
    `${total} deliveries in ${seconds.toFixed(2)} s, ${(total / seconds).toFixed(0)}/s`,
    ...lines,
    `  p50 ${percentile(latenciesMs, 0.5)} ms, p99 ${percentile(latenciesMs, 0.99)} ms`,
  ].join("\n");
}

/** Nearest rank, of sorted values. */
function percentile(sorted: Float64Array, share: number): string {
  const rank = Math.max(0, Math.ceil(sorted.length * share) - 1);
  return (sorted[rank] ?? 0).toFixed(1);
}
