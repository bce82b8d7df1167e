import { PlainError } from "./failure.ts";
import { at, type HttpClient } from "./http.ts";

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
  };
}
