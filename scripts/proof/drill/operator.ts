/** What an operator asks of clawsettle, in the shapes that docs/contracts.md promises. */
import { type HttpClient } from "../../lib/http.ts";
import { PlainError } from "../../lib/failure.ts";

export interface EventRow {
  readonly event_id: string;
  readonly event_type: string;
  readonly state: string;
  readonly reason: string | null;
  readonly error_code: string | null;
  readonly account_id: string | null;
  readonly payment_id: string | null;
  readonly amount_minor: string | null;
  readonly currency: string | null;
  readonly attempts: number;
  readonly received_at: string;
  readonly next_retry_at: string | null;
}

export interface EventView {
  readonly event_id: string;
  readonly event_type: string;
  readonly state: string;
  readonly received_at: string;
  readonly attempts: number;
  readonly next_retry_at: string | null;
  readonly settlement: Readonly<Record<string, unknown>> | null;
  readonly snapshot: Readonly<Record<string, unknown>> | null;
  readonly last_error: { readonly code: string; readonly ledger_code: string | null } | null;
  readonly attempt_log: readonly {
    readonly attempt: number;
    readonly trigger: string;
    readonly started_at: string;
    readonly duration_ms: number;
    readonly outcome: string;
  }[];
  readonly evidence: { readonly payload_sha256: string | null };
}

export interface Stats {
  readonly states: Readonly<Record<string, number>>;
  readonly open: readonly {
    readonly currency: string | null;
    readonly count: number;
    readonly amount_minor: string | null;
  }[];
  readonly rescues: number;
}

export type Operator = {
  /** Walks the whole list by its cursor. */
  list(): Promise<readonly EventRow[]>;
  /** null: clawsettle does not know it. */
  show(eventId: string): Promise<EventView | null>;
  stats(): Promise<Stats>;
  retry(eventId: string): Promise<void>;
};

const PAGE_ROWS = 200;

export function operatorOf(http: HttpClient, baseUrl: URL, adminKey: string): Operator {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  const get = async (path: string): Promise<unknown> => {
    const answer = await http.send({ method: "GET", url: new URL(path, baseUrl), headers });
    if (answer.status === 200) return answer.body;
    if (answer.status === 404) return null;
    throw new PlainError(`clawsettle answered ${answer.status} to GET ${path}`);
  };
  return {
    async list() {
      const rows: EventRow[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
        const page = (await get(`/v1/admin/events?limit=${PAGE_ROWS}${from}`)) as {
          events: EventRow[];
          next_cursor: string | null;
        };
        rows.push(...page.events);
        cursor = page.next_cursor;
      }
      return rows;
    },
    show: async (eventId) => (await get(`/v1/admin/events/${eventId}`)) as EventView | null,
    stats: async () => (await get("/v1/admin/stats")) as Stats,
    async retry(eventId) {
      const url = new URL(`/v1/admin/events/${eventId}/retry`, baseUrl);
      const body = JSON.stringify({ actor: "drill", note: "the ledger's faults are over" });
      const answer = await http.send({ method: "POST", url, headers, body });
      // 409: it became final of itself since it was listed.
      if (answer.status !== 200 && answer.status !== 409) {
        throw new PlainError(`clawsettle answered ${answer.status} to a retry of ${eventId}`);
      }
    },
  };
}
