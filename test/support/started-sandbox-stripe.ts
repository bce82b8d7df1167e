/** The sandbox Stripe, started on a port of its own. */
import { Stripe } from "stripe";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { startSandbox } from "./started-sandbox.ts";

export const SANDBOX_KEY = "sk_test_of_the_sandbox";

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly fault: string | null;
}

export interface StartedSandbox {
  readonly base: URL;
  /** The controls. Rejects when they do not answer 200. */
  call(method: string, path: string, sent?: unknown): Promise<unknown>;
  requests(): Promise<readonly LoggedRequest[]>;
}

/** One for all tests of a file, each of which finds it empty. */
export function useSandboxStripe(): StartedSandbox {
  let started: Awaited<ReturnType<typeof startSandboxStripe>>;
  beforeAll(async () => {
    started = await startSandboxStripe();
  }, 60_000);
  afterAll(() => started.stop());
  beforeEach(() => started.call("POST", "/sandbox/reset"));
  return {
    get base() {
      return started.base;
    },
    call: (...args) => started.call(...args),
    requests: () => started.requests(),
  };
}

async function startSandboxStripe() {
  const worker = await startSandbox("stripe", { STRIPE_API_KEY: SANDBOX_KEY });
  const base = await worker.url;
  const call = async (method: string, path: string, sent?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, base), {
      method,
      headers: { authorization: `Bearer ${SANDBOX_KEY}` },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    });
    if (response.status !== 200)
      throw new Error(`the sandbox answered ${response.status} to ${method} ${path}`);
    return response.json();
  };
  return {
    base,
    call,
    requests: async () =>
      ((await call("GET", "/sandbox/requests")) as { requests: LoggedRequest[] }).requests,
    stop: () => worker.dispose(),
  };
}

/** Stripe's own client, asking the sandbox. */
export function clientOf({ base }: StartedSandbox, key = SANDBOX_KEY): Stripe {
  const { hostname: host, port } = base;
  return new Stripe(key, { host, port, protocol: "http", maxNetworkRetries: 0, telemetry: false });
}
