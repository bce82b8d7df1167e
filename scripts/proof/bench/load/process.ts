/** The load generator's own process: takes one job at a time, and answers with what it measured. */
import { Pool } from "undici";
import { concurrently } from "../../../../src/concurrently.ts";
import { messageOf } from "../../../lib/failure.ts";
import type { Answer, Done, Job } from "./job.ts";
import { requestsOf } from "./requests-of.ts";

const TIMEOUT_MS = 30_000;

async function run(job: Job): Promise<Done> {
  const requests = await requestsOf(job);
  const pool = new Pool(job.origin, {
    connections: job.concurrency,
    pipelining: 1,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  try {
    const startedAt = performance.now();
    const latenciesMs = await concurrently(requests, job.concurrency, async (request) => {
      const sentAt = performance.now();
      await send(pool, request, job.expect);
      return performance.now() - sentAt;
    });
    return { seconds: (performance.now() - startedAt) / 1000, latenciesMs };
  } finally {
    await pool.destroy();
  }
}

/** undici's lowest level: its request objects and streams would cost as much as a Worker's answer. */
function send(
  pool: Pool,
  request: Awaited<ReturnType<typeof requestsOf>>[number],
  expect: Job["expect"],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let text = "";
    pool.dispatch(request, {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode) => {
        status = statusCode;
      },
      onResponseData: (_controller, chunk) => {
        text += chunk.toString("latin1");
      },
      onResponseEnd: () => {
        if (status === expect.status && text.includes(expect.text)) resolve();
        else reject(new Error(`${request.method} ${request.path} was answered ${status} ${text}`));
      },
      onResponseError: (_controller, error) => reject(error),
    });
  });
}

// A parent that dies without a word closes this channel. Without it nobody would ever stop this process.
process.once("disconnect", () => process.exit(0));
process.on("message", (job) => {
  run(job as Job).then(
    (done) => process.send?.({ ok: true, done } satisfies Answer),
    (error: unknown) => process.send?.({ ok: false, problem: messageOf(error) } satisfies Answer),
  );
});
