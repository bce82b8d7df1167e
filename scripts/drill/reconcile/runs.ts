/** Reconciliations as operators ask for them. */
import type { TempStack } from "../../dev/temp-stack.ts";
import { PlainError } from "../../lib/failure.ts";
import { at } from "../../lib/http.ts";
import { pollUntil } from "../../lib/poll.ts";
import type { Story } from "./story.ts";

export interface Difference {
  readonly event_id: string;
  readonly kind: string;
}

/** As clawsettle shows a run, with all of its differences. */
export interface Report {
  readonly status: string;
  readonly balanced: boolean;
  readonly content_sha256: string | null;
  readonly progress: { readonly pages: number; readonly events: number };
  readonly counts: Readonly<Record<string, number>>;
  readonly totals: readonly {
    readonly stripe: { readonly count: number; readonly amount_minor: string };
    readonly clawsettle: { readonly count: number; readonly amount_minor: string };
  }[];
  readonly differences: readonly Difference[];
  readonly next_cursor: string | null;
}

const RUNS = "/v1/admin/reconciliations";
const RUN_TIMEOUT_MS = 900_000;
const POLL_MS = 250;

export type Reach = Pick<TempStack, "stack" | "http">;

/** Returns the run's id. */
export async function begin(reach: Reach, { window }: Story): Promise<string> {
  const answer = await ask(reach, "POST", RUNS, JSON.stringify({ ...window, actor: "drill" }));
  if (answer.status !== 202) throw new PlainError(`No run was begun: ${JSON.stringify(answer.body)}`);
  return String(at(answer.body, "id"));
}

export function untilOver(reach: Reach, id: string): Promise<Report> {
  return pollUntil("the run to end", { timeoutMs: RUN_TIMEOUT_MS, everyMs: POLL_MS }, async () => {
    const report = await show(reach, id);
    return report === null || report.status === "running" ? null : report;
  });
}

/** With all of its differences. Null while clawsettle is down. */
export async function show(reach: Reach, id: string): Promise<Report | null> {
  const differences: Difference[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const path: string = `${RUNS}/${id}${cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`}`;
    const answer = await ask(reach, "GET", path).catch(() => null);
    if (answer?.status !== 200) return null;
    const page = answer.body as Report;
    differences.push(...page.differences);
    cursor = page.status === "running" ? null : page.next_cursor;
    if (cursor === null) return { ...page, differences };
  }
  return null;
}

function ask({ stack, http }: Reach, method: "GET" | "POST", path: string, body?: string) {
  const headers = {
    authorization: `Bearer ${stack.secrets.SETTLE_ADMIN_KEY}`,
    "content-type": "application/json",
  };
  const url = new URL(path, stack.clawsettleUrl);
  return http.send({ method, url, headers, ...(body === undefined ? {} : { body }) });
}
