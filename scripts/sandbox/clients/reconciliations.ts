import { PlainError } from "../../lib/failure.ts";
import { at, type HttpClient } from "../../lib/http.ts";
import { pollUntil } from "../../lib/poll.ts";

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

export interface RunRequest {
  /** ISO 8601; the end is exclusive. */
  readonly from: string;
  readonly to: string;
  readonly actor: string;
}

/** Reconciliations as operators ask for them. */
export type Reconciliations = {
  /** Returns the run's id. */
  begin(request: RunRequest): Promise<string>;
  /** With all of its differences. Null while clawsettle is down. */
  show(id: string): Promise<Report | null>;
  /** The run at its end, however it ended. */
  untilOver(id: string): Promise<Report>;
};

export type ReconciliationsOptions = {
  readonly http: HttpClient;
  readonly baseUrl: URL;
  readonly adminKey: string;
};

const RUNS = "/v1/admin/reconciliations";
const RUN_TIMEOUT_MS = 900_000;
const POLL_MS = 250;

export function reconciliationsClient({ http, baseUrl, adminKey }: ReconciliationsOptions): Reconciliations {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };

  async function show(id: string): Promise<Report | null> {
    const differences: Difference[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const url = new URL(`${RUNS}/${id}`, baseUrl);
      if (cursor !== "") url.searchParams.set("cursor", cursor);
      const answer = await http.send({ method: "GET", url, headers }).catch(() => null);
      if (answer?.status !== 200) return null;
      const page = answer.body as Report;
      differences.push(...page.differences);
      cursor = page.status === "running" ? null : page.next_cursor;
      if (cursor === null) return { ...page, differences };
    }
    return null;
  }

  return {
    async begin(request) {
      const body = JSON.stringify(request);
      const answer = await http.send({ method: "POST", url: new URL(RUNS, baseUrl), headers, body });
      if (answer.status !== 202) throw new PlainError(`No run was begun: ${JSON.stringify(answer.body)}`);
      return String(at(answer.body, "id"));
    },
    show,
    untilOver: (id) =>
      pollUntil("the run to end", { timeoutMs: RUN_TIMEOUT_MS, everyMs: POLL_MS }, async () => {
        const report = await show(id);
        return report === null || report.status === "running" ? null : report;
      }),
  };
}
