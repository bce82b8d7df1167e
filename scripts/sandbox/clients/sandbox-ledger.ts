import { PlainError } from "../../lib/failure.ts";
import { at, type HttpClient } from "../../lib/http.ts";
import type { Audit } from "../ledger/audit.ts";
import type { Changes, NaturalKey, Settlement } from "../ledger/contract.ts";
import type { FaultInput } from "../ledger/faults.ts";
import type { LoggedRequest } from "../ledger/request-log.ts";

export type { FaultInput as Fault } from "../ledger/faults.ts";

type SandboxOptions = { readonly http: HttpClient; readonly baseUrl: URL; readonly adminKey: string };

/** The controls that only the sandbox ledger has. */
export type Sandbox = {
  addFault(fault: FaultInput): Promise<void>;
  clearFaults(): Promise<void>;
  requests(idempotencyKey: string): Promise<readonly unknown[]>;
  /** All that arrived after the one of this number. The ledger keeps the last 10,000. */
  requestsAfter(seq: number): Promise<readonly LoggedRequest[]>;
  /** Changes a payin as no contract allows. */
  alterPayin(paymentId: string, changes: Changes): Promise<void>;
  alterRefund(refundId: string, changes: Changes): Promise<void>;
  /** What the balances are, what the settlements claim, and which effects are not complete. */
  audit(): Promise<Audit>;
  /**
   * Makes what is missing of a settlement's effect, as somebody who can write the ledger's database would.
   */
  completeEffect(key: NaturalKey): Promise<void>;
  /** Removes a settlement that has no effect, with its stored answers, so that it can be ingested anew. */
  removeSettlement(key: NaturalKey): Promise<void>;
  /** All of them, by the ledger's own list. */
  settlements(): Promise<readonly Settlement[]>;
};

const PAGE_ROWS = 200;

export function sandboxClient({ http, baseUrl, adminKey }: SandboxOptions): Sandbox {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  const call = async (method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> => {
    const answer = await http.send({
      method,
      url: new URL(path, baseUrl),
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw new PlainError(`The sandbox ledger answered ${answer.status} to ${method} ${path}`);
  };
  const alter = async (external_payment_id: string, direction: "payin" | "refund", changes: Changes) => {
    const altered = { external_payment_id, direction, ...changes };
    await call("POST", "/sandbox/settlements/alter", altered);
  };
  return {
    addFault: async (fault) => void (await call("POST", "/sandbox/faults", fault)),
    clearFaults: async () => void (await call("DELETE", "/sandbox/faults")),
    async requests(idempotencyKey) {
      const body = await call("GET", `/sandbox/requests?key=${encodeURIComponent(idempotencyKey)}`);
      const list = at(body, "requests");
      return Array.isArray(list) ? list : [];
    },
    async requestsAfter(seq) {
      const body = await call("GET", `/sandbox/requests?after=${seq}`);
      return (body as { requests: LoggedRequest[] }).requests;
    },
    alterPayin: (id, changes) => alter(id, "payin", changes),
    alterRefund: (id, changes) => alter(id, "refund", changes),
    audit: async () => (await call("GET", "/sandbox/audit")) as Audit,
    completeEffect: async (key) => void (await call("POST", "/sandbox/settlements/complete", key)),
    removeSettlement: async (key) => void (await call("POST", "/sandbox/settlements/remove", key)),
    async settlements() {
      const all: Settlement[] = [];
      for (let cursor: string | undefined = ""; cursor !== undefined;) {
        const path = `/v1/payments/settlements?limit=${PAGE_ROWS}&cursor=${encodeURIComponent(cursor)}`;
        const page = (await call("GET", path)) as { settlements: Settlement[]; next_cursor?: string };
        all.push(...page.settlements);
        cursor = page.next_cursor;
      }
      return all;
    },
  };
}
