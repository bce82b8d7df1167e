import { PlainError } from "../../lib/failure.ts";
import { at, type HttpClient } from "../../lib/http.ts";

export type StripeFault = {
  readonly kind: "rate_limited" | "down" | "slow" | "cut_off";
  /** Meets one request in so many. */
  readonly every?: number;
  readonly count?: number;
} & Readonly<Record<string, unknown>>;

/** The switches that only the sandbox Stripe has: what has happened, and what goes wrong. */
export type SandboxStripe = {
  /** These events have happened: from now on Stripe lists them. Each is a body as Stripe sends it. */
  know(bodies: readonly string[]): Promise<void>;
  addFault(fault: StripeFault): Promise<void>;
  clearFaults(): Promise<void>;
  requests(): Promise<readonly unknown[]>;
};

export type SandboxStripeOptions = {
  readonly http: HttpClient;
  readonly baseUrl: URL;
  readonly apiKey: string;
};

export function sandboxStripeClient({ http, baseUrl, apiKey }: SandboxStripeOptions): SandboxStripe {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const call = async (method: "GET" | "POST" | "DELETE", path: string, body?: string): Promise<unknown> => {
    const url = new URL(path, baseUrl);
    const answer = await http.send({ method, url, headers, ...(body === undefined ? {} : { body }) });
    if (answer.status === 200) return answer.body;
    throw new PlainError(`The sandbox Stripe answered ${answer.status} to ${method} ${path}`);
  };
  return {
    know: async (bodies) => void (await call("POST", "/sandbox/events", `{"events":[${bodies.join(",")}]}`)),
    addFault: async (fault) => void (await call("POST", "/sandbox/faults", JSON.stringify(fault))),
    clearFaults: async () => void (await call("DELETE", "/sandbox/faults")),
    async requests() {
      const list = at(await call("GET", "/sandbox/requests"), "requests");
      return Array.isArray(list) ? list : [];
    },
  };
}
