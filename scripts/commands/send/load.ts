import { concurrently } from "../../../src/concurrently.ts";
import { messageOf } from "../../lib/failure.ts";
import { at, type Answer } from "../../lib/http.ts";
import { percentile } from "../../lib/statistics.ts";

const MS_PER_SECOND = 1000;

type LoadResult = Awaited<ReturnType<typeof load>>;

/** Sends `times` requests, at most `concurrency` at once. A request that fails is counted, not thrown. */
export async function load(
  {
    times,
    concurrency,
    onDone,
  }: { readonly times: number; readonly concurrency: number; readonly onDone: () => void },
  send: () => Promise<Answer>,
) {
  /** How often each kind of answer came, e.g. "200 forwarded". */
  const counts = new Map<string, number>();
  let allAccepted = true;
  const started = performance.now();
  const latenciesMs = await concurrently(Array.from({ length: times }), concurrency, async () => {
    const sentAt = performance.now();
    const answer = await send().catch((error: unknown) => `no answer: ${messageOf(error)}`);
    const ms = performance.now() - sentAt;
    const kind = typeof answer === "string" ? answer : kindOf(answer);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (typeof answer === "string" || !isAccepted(answer)) allAccepted = false;
    onDone();
    return ms;
  });
  return { counts, latenciesMs, seconds: (performance.now() - started) / MS_PER_SECOND, allAccepted };
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
    `  p50 ${percentile(latenciesMs, 0.5).toFixed(1)} ms, p99 ${percentile(latenciesMs, 0.99).toFixed(1)} ms`,
  ].join("\n");
}
