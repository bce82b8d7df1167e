/** A ledger that says what a test tells it to, heard through the Worker's own `fetch`. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";

export interface LedgerRequest {
  readonly method: string;
  readonly url: URL;
  readonly idempotencyKey: string | null;
  readonly authorization: string | null;
  readonly body: string;
}

type Script = (request: LedgerRequest, signal: AbortSignal) => Response | Promise<Response>;

export interface ScriptedLedger {
  /** Every request so far, in order. */
  readonly requests: readonly LedgerRequest[];
  /** What every request hears from now on. */
  answer(script: Script): void;
}

/** Installs the ledger. The spy is undone by `vi.restoreAllMocks()`. */
export function scriptLedger(first: Script = () => accepted()): ScriptedLedger {
  const requests: LedgerRequest[] = [];
  let script = first;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init as RequestInit);
    const seen: LedgerRequest = {
      method: request.method,
      url: new URL(request.url),
      idempotencyKey: request.headers.get("idempotency-key"),
      authorization: request.headers.get("authorization"),
      body: await request.text(),
    };
    requests.push(seen);
    return script(seen, request.signal);
  });
  return { requests, answer: (next) => (script = next) };
}

export function accepted(id = "stl_1", status = 201): Response {
  return Response.json(
    {
      settlement: { id, status: "confirmed" },
      idempotency: { key: "k", replayed: false, deduped: false },
      event: { id: "led_1" },
    },
    { status },
  );
}

export function refused(status: number, code?: string, headers: Record<string, string> = {}): Response {
  return Response.json(
    { error: "upstream words that must go nowhere", ...(code && { code }) },
    { status, headers },
  );
}

/** Never answers; ends when the client gives up. */
export function silence(signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });
}

/** Lets the real sandbox ledger answer, over its binding. */
export function sandboxLedger(): ScriptedLedger {
  return scriptLedger(askSandbox);
}

export function askSandbox(request: LedgerRequest): Promise<Response> {
  const { SANDBOX_LEDGER } = env as unknown as { SANDBOX_LEDGER: Fetcher };
  return SANDBOX_LEDGER.fetch(request.url, {
    method: request.method,
    headers: {
      authorization: request.authorization ?? "",
      "content-type": "application/json",
      ...(request.idempotencyKey !== null && { "idempotency-key": request.idempotencyKey }),
    },
    ...(request.method !== "GET" && { body: request.body }),
  });
}

/** Talks to the sandbox ledger as its own operator: accounts, balances, faults. */
export async function sandboxControl<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await askSandbox({
    method,
    url: new URL(path, env.LEDGER_BASE_URL),
    idempotencyKey: null,
    authorization: `Bearer ${env.LEDGER_ADMIN_KEY}`,
    body: JSON.stringify(body ?? {}),
  });
  return response.json<T>();
}

export async function openAccount(did: string): Promise<string> {
  return (await sandboxControl<{ id: string }>("POST", "/accounts", { did })).id;
}

/** A did that nobody else has. Its account need not exist. */
export function newDid(): string {
  return `did:key:${crypto.randomUUID()}`;
}

export function newAccount(): Promise<string> {
  return openAccount(newDid());
}

/** The balance in minor units, as text. */
export async function availableOf(accountId: string): Promise<string> {
  const account = await sandboxControl<{ balances: { available: string } }>(
    "GET",
    `/accounts/id/${accountId}`,
  );
  return account.balances.available;
}
