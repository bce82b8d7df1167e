import { PlainError } from "../../lib/failure.ts";
import { type HttpClient, jsonApi } from "../../lib/http.ts";

/** In one request. */
const KNOWN_AT_ONCE = 500;

type StripeFault = {
  readonly kind: "rate_limited" | "down" | "slow" | "cut_off" | "refused" | "nonsense";
  /** Meets one request in so many. */
  readonly every?: number;
  readonly count?: number;
  readonly path?: string;
} & Readonly<Record<string, unknown>>;

export type SandboxStripe = ReturnType<typeof sandboxStripeClient>;

/** The switches that only the sandbox Stripe has: what has happened, and what goes wrong. */
export function sandboxStripeClient(http: HttpClient, baseUrl: URL, apiKey: string) {
  const api = jsonApi(http, baseUrl, apiKey);
  const call = async (method: "POST" | "DELETE", path: string, body?: string): Promise<void> => {
    const answer = await api(method, path, body);
    if (answer.status === 200) return;
    throw new PlainError(`The sandbox Stripe answered ${answer.status} to ${method} ${path}`);
  };
  return {
    /** These events have happened: from now on Stripe lists them. Each is a body as Stripe sends it. */
    async know(bodies: readonly string[]): Promise<void> {
      for (let from = 0; from === 0 || from < bodies.length; from += KNOWN_AT_ONCE) {
        const part = bodies.slice(from, from + KNOWN_AT_ONCE);
        await call("POST", "/sandbox/events", `{"events":[${part.join(",")}]}`);
      }
    },
    /**
     * Stripe has these objects now, each as it would answer it; `_account` beside for a connected account's.
     */
    async addObjects(objects: readonly object[]): Promise<void> {
      for (let from = 0; from === 0 || from < objects.length; from += KNOWN_AT_ONCE) {
        const part = objects.slice(from, from + KNOWN_AT_ONCE);
        await call("POST", "/sandbox/objects", JSON.stringify(part));
      }
    },
    addFault: (fault: StripeFault) => call("POST", "/sandbox/faults", JSON.stringify(fault)),
    clearFaults: () => call("DELETE", "/sandbox/faults"),
  };
}
