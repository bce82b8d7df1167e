/** The sandbox Stripe, started on a port of its own. */
import { unstable_startWorker } from "wrangler";

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
  stop(): Promise<void>;
}

export async function startSandboxStripe(): Promise<StartedSandbox> {
  // Wrangler would otherwise report its use, and ask Cloudflare where we are.
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  const worker = await unstable_startWorker({
    config: "scripts/sandbox/stripe/wrangler.toml",
    envFiles: [],
    bindings: { STRIPE_API_KEY: { type: "plain_text", value: SANDBOX_KEY } },
    dev: { server: { hostname: "127.0.0.1", port: 0 }, inspector: false, persist: false, logLevel: "none" },
  });
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
