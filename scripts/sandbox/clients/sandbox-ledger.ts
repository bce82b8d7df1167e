import type { Changes, Settlement } from "../ledger/contract.ts";
import type { LoggedRequest } from "../ledger/request-log.ts";
import { PlainError } from "../../lib/failure.ts";
import { at, type HttpClient } from "../../lib/http.ts";

export type Fault = {
  readonly kind: "down" | "slow" | "rate_limited" | "reject" | "commit_then_drop" | "commit_then_hang";
  readonly count?: number;
} & Readonly<Record<string, unknown>>;

export type SandboxOptions = { readonly http: HttpClient; readonly baseUrl: URL; readonly adminKey: string };

/** The switches that only the sandbox ledger has: faults, and a record of the requests it got. */
export type Sandbox = {
  addFault(fault: Fault): Promise<void>;
  clearFaults(): Promise<void>;
  requests(idempotencyKey: string): Promise<readonly unknown[]>;
  /** All that arrived after the one of this number. The ledger keeps the last 10,000. */
  requestsAfter(seq: number): Promise<readonly LoggedRequest[]>;
  /** Changes a payin behind everybody's back. */
  alterPayin(paymentId: string, changes: Changes): Promise<void>;
  /** All of them. */
  settlements(): Promise<readonly Settlement[]>;
};

export function sandboxClient({ http, baseUrl, adminKey }: SandboxOptions): Sandbox {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  const faults = new URL("/sandbox/faults", baseUrl);
  const call = async (method: "GET" | "POST" | "DELETE", url: URL, body?: string): Promise<unknown> => {
    const answer = await http.send({ method, url, headers, ...(body === undefined ? {} : { body }) });
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw new PlainError(`The sandbox ledger answered ${answer.status} to ${method} ${url.pathname}`);
  };
  return {
    addFault: async (fault) => void (await call("POST", faults, JSON.stringify(fault))),
    clearFaults: async () => void (await call("DELETE", faults)),
    async requests(idempotencyKey) {
      const url = new URL(`/sandbox/requests?key=${encodeURIComponent(idempotencyKey)}`, baseUrl);
      const list = at(await call("GET", url), "requests");
      return Array.isArray(list) ? list : [];
    },
    async requestsAfter(seq) {
      const body = await call("GET", new URL(`/sandbox/requests?after=${seq}`, baseUrl));
      return (body as { requests: LoggedRequest[] }).requests;
    },
    async alterPayin(external_payment_id, changes) {
      const body = JSON.stringify({ external_payment_id, direction: "payin", ...changes });
      await call("POST", new URL("/sandbox/settlements/alter", baseUrl), body);
    },
    async settlements() {
      const all: Settlement[] = [];
      for (let cursor: string | null = ":"; cursor !== null;) {
        const url = new URL(`/sandbox/settlements?cursor=${encodeURIComponent(cursor)}`, baseUrl);
        const page = (await call("GET", url)) as { settlements: Settlement[]; next_cursor: string | null };
        all.push(...page.settlements);
        cursor = page.next_cursor;
      }
      return all;
    },
  };
}
