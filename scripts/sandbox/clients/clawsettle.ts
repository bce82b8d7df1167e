import type { EventState } from "../../../src/event/event-state.ts";
import type { EventList } from "../../../src/operators/events.ts";
import type { Report } from "../../../src/reconciler/report-schema.ts";
import type { Statistics } from "../../../src/operators/statistics-schema.ts";
import { PlainError } from "../../lib/failure.ts";
import { type Answer, at, type HttpClient, jsonApi } from "../../lib/http.ts";
import { pollUntil } from "../../lib/poll.ts";
import { signPayload } from "../events/stripe-signature.ts";

const MS_PER_SECOND = 1000;
const PAGE_ROWS = 200;
const RUNS = "/v1/admin/reconciliations";
const RUN = { timeoutMs: 900_000, everyMs: 250 };

export type Delivery = {
  readonly body: string;
  /** What is really sent instead of the signed body, as by a forger. */
  readonly tamperedBody?: string;
};

export type EventRow = EventList["events"][number];

export type Clawsettle = ReturnType<typeof clawsettleClient>;

/** What a sender and an operator can do with clawsettle. */
export function clawsettleClient({
  http,
  baseUrl,
  signingSecret,
  adminKey,
}: {
  readonly http: Pick<HttpClient, "send">;
  readonly baseUrl: URL;
  readonly signingSecret: string;
  readonly adminKey: string;
}) {
  // While a secret is being rolled the setting holds several; any of them verifies.
  const [secret = signingSecret] = signingSecret.split(",").map((part) => part.trim());
  const webhookUrl = new URL("/v1/stripe/webhook", baseUrl);
  const call = jsonApi(http, baseUrl, adminKey);

  async function get(path: string): Promise<unknown> {
    const answer = await call("GET", path);
    if (answer.status === 200) return answer.body;
    if (answer.status === 404) return null;
    throw new PlainError(`clawsettle answered ${answer.status} to GET ${path}`);
  }

  return {
    async deliver({ body, tamperedBody }: Delivery): Promise<Answer> {
      const timestampSeconds = Math.floor(Date.now() / MS_PER_SECOND);
      const signature = await signPayload(body, secret, { timestampSeconds });
      const headers = { "content-type": "application/json; charset=utf-8", "stripe-signature": signature };
      return http.send({ method: "POST", url: webhookUrl, headers, body: tamperedBody ?? body });
    },
    retryForwarding: (eventId: string): Promise<Answer> =>
      call("POST", "/v1/stripe/forwarding/retry", JSON.stringify({ event_id: eventId, force: true })),
    /** Null: clawsettle does not know it. */
    event: async (eventId: string) =>
      (await get(`/v1/admin/events/${encodeURIComponent(eventId)}`)) as EventState | null,
    /** The whole list, page by page. */
    async events() {
      const rows: EventRow[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const from: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
        const page = (await get(`/v1/admin/events?limit=${PAGE_ROWS}${from}`)) as EventList;
        rows.push(...page.events);
        cursor = page.next_cursor;
      }
      return rows;
    },
    stats: async () => (await get("/v1/admin/stats")) as Statistics,
    async retry(eventId: string): Promise<void> {
      const body = JSON.stringify({ actor: "drill", note: "the ledger's faults are over" });
      const { status } = await call("POST", `/v1/admin/events/${eventId}/retry`, body);
      // 409: it became final of itself since it was listed.
      if (status !== 200 && status !== 409) {
        throw new PlainError(`clawsettle answered ${status} to a retry of ${eventId}`);
      }
    },
    ...reconciliationCalls(call),
  };
}

function reconciliationCalls(call: ReturnType<typeof jsonApi>) {
  /** A run with all of its differences. Null while clawsettle is down. */
  async function reconciliation(id: string): Promise<Report | null> {
    const differences: Report["differences"][number][] = [];
    for (let cursor = ""; ;) {
      const answer = await call(
        "GET",
        `${RUNS}/${id}${cursor && `?cursor=${encodeURIComponent(cursor)}`}`,
      ).catch(() => null);
      if (answer?.status !== 200) return null;
      const page = answer.body as Report;
      differences.push(...page.differences);
      if (page.status === "running" || page.next_cursor === null) return { ...page, differences };
      cursor = page.next_cursor;
    }
  }

  return {
    /** Returns the run's id. The times are ISO 8601; the end is exclusive. */
    async beginReconciliation(request: { from: string; to: string; actor: string }): Promise<string> {
      const { status, body } = await call("POST", RUNS, JSON.stringify(request));
      if (status !== 202) throw new PlainError(`No run was begun: ${JSON.stringify(body)}`);
      return String(at(body, "id"));
    },
    async accept(id: string, request: { key: string; actor: string; note: string }): Promise<void> {
      const { status, body } = await call("POST", `${RUNS}/${id}/accept`, JSON.stringify(request));
      if (status !== 200) throw new PlainError(`Not accepted: ${JSON.stringify(body)}`);
    },
    reconciliation,
    /** The run at its end, however it ended. */
    reconciliationAtEnd: (id: string): Promise<Report> =>
      pollUntil("the run to end", RUN, async () => {
        const report = await reconciliation(id);
        return report?.status === "running" ? null : report;
      }),
  };
}
