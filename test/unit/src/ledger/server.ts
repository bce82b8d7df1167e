/** A real HTTP server for each test of a file, which answers as the test says, and a client of it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach } from "vitest";
import { createLedgerClient, type LedgerClientOptions } from "../../../../src/ledger/client.ts";
import type { Ledger } from "../../../../src/ledger/port.ts";

export const KEY = "stripe:event:evt_1";
export const PAYLOAD = '{"amount_minor":"100","metadata":{"name":"Zoë 🦞"}}';
export const SETTLED = '{"settlement":{"id":"stl_1","status":"confirmed"}}';
export const ACCEPTED = {
  kind: "accepted",
  ledger_status: 201,
  settlement_id: "stl_1",
  ledger_event_id: null,
};
/** Long enough for a loopback answer on a busy machine, where one is expected. */
export const PATIENT_MS = 5_000;
/** Where none is expected. */
export const IMPATIENT_MS = 80;

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

class TestLedger {
  received: Received[] = [];
  respond: (response: ServerResponse) => void = settle;
  origin = "";
  #server: Server | null = null;

  async start(): Promise<void> {
    this.received = [];
    this.respond = settle;
    const server = createServer(async (message, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk as Buffer);
      const { method, url, headers } = message;
      this.received.push({ method, url, headers, body: Buffer.concat(chunks) });
      this.respond(response);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  }

  client(options: Partial<LedgerClientOptions> = {}): Ledger {
    const { origin: baseUrl } = this;
    return createLedgerClient({
      baseUrl,
      adminKey: "key_ledger",
      timeoutMs: PATIENT_MS,
      now: Date.now,
      ...options,
    });
  }
}

export function useTestLedger(): TestLedger {
  const ledger = new TestLedger();
  beforeEach(() => ledger.start());
  afterEach(() => ledger.stop());
  return ledger;
}

export function unknown(why: string, ledger_status: number | null) {
  return { kind: "unknown", why, ledger_status };
}

export function unavailable(
  ledger_status: number,
  ledger_code: string | null,
  retry_after_ms: number | null,
) {
  return { kind: "unavailable", ledger_status, ledger_code, retry_after_ms };
}

function settle(response: ServerResponse): void {
  response.writeHead(201, { "content-type": "application/json" }).end(SETTLED);
}
