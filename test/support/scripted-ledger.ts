/** A ledger that says what a test tells it to, heard through the Worker's own `fetch`. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";

export interface LedgerRequest {
  readonly method: string;
  readonly url: URL;
  readonly idempotencyKey: string | null;
  readonly authorization: string | null;
  /** To Stripe's API: the connected account that it is made as. */
  readonly stripeAccount?: string | null;
  readonly body: string;
}

const STRIPE_API_HOST = "api.stripe.com";

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
      stripeAccount: request.headers.get("stripe-account"),
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

export type Ask = (request: LedgerRequest, signal?: AbortSignal) => Promise<Response>;

/** Lets the sandboxes answer, over their bindings: this ledger, and Stripe's API. */
export function sandboxes(ledger: Ask = askSandbox): ScriptedLedger {
  return scriptLedger((request, signal) =>
    (request.url.host === STRIPE_API_HOST ? askSandboxStripe : ledger)(request, signal),
  );
}

/** Ingests are atomic, and funds are kept by currency. */
export const askSandbox = asking("SANDBOX_LEDGER");
/** As the real ledger: statement by statement, and all currencies of an account in one balance. */
export const askSandboxAsIs = asking("SANDBOX_LEDGER_AS_IS");
export const askSandboxStripe = asking("SANDBOX_STRIPE");

function asking(binding: string): Ask {
  return ({ method, url, authorization, idempotencyKey, stripeAccount = null, body }, signal) =>
    (env as unknown as Record<string, Fetcher>)[binding]!.fetch(url.href, {
      method,
      headers: {
        authorization: authorization ?? "",
        "content-type": "application/json",
        ...(idempotencyKey !== null && { "idempotency-key": idempotencyKey }),
        ...(stripeAccount !== null && { "stripe-account": stripeAccount }),
      },
      ...(method !== "GET" && { body }),
      ...(signal !== undefined && { signal }),
    });
}

/** Talks to the sandbox ledger as its own operator: accounts, balances, faults. */
export async function sandboxControl<T>(
  method: string,
  path: string,
  body?: unknown,
  ask: Ask = askSandbox,
): Promise<T> {
  const response = await ask({
    method,
    url: new URL(path, env.LEDGER_BASE_URL),
    idempotencyKey: null,
    authorization: `Bearer ${env.LEDGER_ADMIN_KEY}`,
    body: JSON.stringify(body ?? {}),
  });
  return response.json<T>();
}

/** The sandbox Stripe's switches: what there is at Stripe, and what goes wrong there. */
export async function stripeControl(method: string, path: string, body?: unknown): Promise<void> {
  const response = await askSandboxStripe({
    method,
    url: new URL(path, `https://${STRIPE_API_HOST}`),
    idempotencyKey: null,
    authorization: `Bearer ${(env as { STRIPE_API_KEY?: string }).STRIPE_API_KEY}`,
    body: JSON.stringify(body ?? {}),
  });
  if (response.status !== 200) throw new Error(`the sandbox Stripe answered ${await response.text()}`);
}

export async function openAccount(did: string, ask: Ask = askSandbox): Promise<string> {
  return (await sandboxControl<{ id: string }>("POST", "/accounts", { did }, ask)).id;
}

/** A did that nobody else has. Its account need not exist. */
export function newDid(): string {
  return `did:key:${crypto.randomUUID()}`;
}

export function newAccount(ask: Ask = askSandbox): Promise<string> {
  return openAccount(newDid(), ask);
}

/** The balance in minor units, as text. */
export async function availableOf(accountId: string, ask: Ask = askSandbox): Promise<string> {
  type Account = { balances: { available: string } };
  const path = `/accounts/id/${accountId}`;
  return (await sandboxControl<Account>("GET", path, undefined, ask)).balances.available;
}
