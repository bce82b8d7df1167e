/**
 * The ledger over HTTP: one request per call, one deadline for the whole of it, and never an exception.
 * What an answer means is decided in `outcome.ts`; this file only gets the answer.
 */
import { pageOfAnswer } from "./list-answer.ts";
import { accountOfAnswer, type LedgerAnswer, outcomeOfAnswer, settlementOfAnswer } from "./outcome.ts";
import type { Ledger, LedgerRefusal } from "./port.ts";

/** An answer of the ledger is under 4 KiB. More is not the ledger, and must not fill the isolate's memory. */
const ANSWER_MAX_BYTES = 64 * 1024;
/** Of the list, the ledger's maximum. */
const LIST_ROWS = 200;
const LIST_MAX_BYTES = LIST_ROWS * 8 * 1024;

export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

export interface LedgerClientOptions {
  /** With or without a path and a trailing slash. */
  readonly baseUrl: string;
  readonly adminKey: string;
  /** For the whole answer: connecting, headers and body. */
  readonly timeoutMs: number;
  /** Epoch milliseconds. Only a `Retry-After` that names a date needs it. */
  readonly now: () => number;
  /**
   * Instead of the global `fetch`. A service binding needs its `this`: pass
   * `(url, init) => binding.fetch(url, init)`.
   */
  readonly fetch?: FetchLike | undefined;
}

export function createLedgerClient(options: LedgerClientOptions): Ledger {
  const base = options.baseUrl.replace(/\/+$/, "");
  const settlements = `${base}/v1/payments/settlements`;
  const authorization = `Bearer ${options.adminKey}`;
  const get = (url: string, timeoutMs?: number, maxBytes?: number) =>
    exchange(options, url, { method: "GET", headers: { authorization } }, timeoutMs, maxBytes);

  return {
    async ingest(payload, idempotencyKey, timeoutMs) {
      const init = {
        method: "POST",
        headers: { authorization, "idempotency-key": idempotencyKey, "content-type": "application/json" },
        body: payload,
      };
      const answer = await exchange(options, `${settlements}/ingest`, init, timeoutMs);
      return "kind" in answer ? answer : outcomeOfAnswer(answer);
    },

    async findSettlement(externalPaymentId, direction, timeoutMs) {
      const id = segmentOf(externalPaymentId);
      if (id === null) return { kind: "absent" };
      const url = `${settlements}/stripe/${id}?direction=${encodeURIComponent(direction)}`;
      const answer = await get(url, timeoutMs);
      return "kind" in answer ? answer : settlementOfAnswer(answer, direction);
    },

    async findAccount(accountId) {
      const id = segmentOf(accountId);
      if (id === null) return { kind: "absent" };
      const answer = await get(`${base}/accounts/id/${id}`);
      return "kind" in answer ? answer : accountOfAnswer(answer, accountId);
    },

    async listSettlements(cursor) {
      const from = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const url = `${settlements}?provider=stripe&limit=${LIST_ROWS}${from}`;
      const answer = await get(url, options.timeoutMs, LIST_MAX_BYTES);
      return "kind" in answer ? answer : pageOfAnswer(answer, cursor);
    },
  };
}

/**
 * null for an id that is a path segment of its own: the request would go to
 * another resource, such as the whole list.
 */
function segmentOf(id: string): string | null {
  return ["", ".", ".."].includes(id) ? null : encodeURIComponent(id.toWellFormed());
}

async function exchange(
  options: LedgerClientOptions,
  url: string,
  init: RequestInit,
  timeoutMs = options.timeoutMs,
  maxBytes = ANSWER_MAX_BYTES,
): Promise<LedgerAnswer | LedgerRefusal> {
  // Looked up at each call, so that a test can spy on it, and called on its owner, as workerd demands.
  const send: FetchLike = options.fetch ?? ((...args) => globalThis.fetch(...args));
  const deadline = startDeadline(Math.min(timeoutMs, options.timeoutMs));
  try {
    // Never followed: the key would go with the request, to wherever the answer points.
    const sent = send(url, { ...init, redirect: "manual", signal: deadline.signal });
    const response = await Promise.race([sent, deadline.passed]);
    if (response === "passed") {
      sent.then((late) => late.body?.cancel()).catch(() => undefined);
      return { kind: "unknown", why: "timeout", ledger_status: null };
    }
    return {
      status: statusOf(response),
      retryAfter: response.headers.get("retry-after"),
      body: await readAnswer(response, deadline, maxBytes),
      nowMs: options.now(),
    };
  } catch {
    return { kind: "unknown", why: "connection_lost", ledger_status: null };
  } finally {
    deadline.clear();
  }
}

/**
 * Browsers and some shims hide a redirect that is not followed behind status
 * 0. workerd and Node show it as it is.
 */
function statusOf(response: Response): number {
  return (response.type as string) === "opaqueredirect" ? 302 : response.status;
}

interface Deadline {
  readonly signal: AbortSignal;
  /** Resolves, so that nobody has to catch it, and stays pending for ever if the deadline is cleared. */
  readonly passed: Promise<"passed">;
  clear(): void;
}

/**
 * Not `AbortSignal.timeout`: its timer cannot be cleared, and a pending timer keeps a Durable Object in
 * memory, billed, for the whole timeout after every event. And a promise beside the signal, since a custom
 * fetch may ignore signals.
 */
function startDeadline(timeoutMs: number): Deadline {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<"passed">();
  const timer = setTimeout(() => {
    // In this order: the abort makes the request fail, which would look like a lost connection.
    resolve("passed");
    controller.abort();
  }, timeoutMs);
  return { signal: controller.signal, passed: promise, clear: () => clearTimeout(timer) };
}

/** The whole body, or null if it breaks off, grows too long or is still coming at the deadline. */
async function readAnswer(response: Response, deadline: Deadline, maxBytes: number): Promise<string | null> {
  if (response.body === null) return "";
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  try {
    for (;;) {
      const step = await Promise.race([reader.read(), deadline.passed]);
      if (step === "passed") return null;
      if (step.done) return text + decoder.decode();
      size += step.value.byteLength;
      if (size > maxBytes) return null;
      text += decoder.decode(step.value, { stream: true });
    }
  } catch {
    return null;
  } finally {
    // Nobody waits for it: a peer that hangs would make this hang. After the end it does nothing.
    reader.cancel().catch(() => undefined);
  }
}
