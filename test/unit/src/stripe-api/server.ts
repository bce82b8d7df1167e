/**
 * A real HTTP server for each test of a file, which answers for Stripe as
 * the test says, and what is asked of it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach } from "vitest";

export const KEY = "rk_test_do_not_show";
export const INTENT = "pi_1";
/** Long enough for a loopback answer on a busy machine, where one is expected. */
export const PATIENT_MS = 5_000;
/** Where none is expected. */
export const IMPATIENT_MS = 400;

export type Respond = (response: ServerResponse, request: Received) => void;

interface Received {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
}

class TestStripe {
  received: Received[] = [];
  /** By path below `/v1/`; what a test leaves out is empty, or unknown to Stripe. */
  answers: Record<string, Respond> = {};
  origin = "";
  #server: Server | null = null;

  async start(): Promise<void> {
    this.received = [];
    this.answers = {};
    const server = createServer((message, response) => {
      const { pathname, searchParams: query } = new URL(message.url ?? "", "http://stripe.test");
      const request = { path: pathname.replace("/v1/", ""), query, headers: message.headers };
      this.received.push(request);
      (this.answers[request.path] ?? byDefault)(response, request);
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

  asked(): string[] {
    return this.received.map(({ path }) => path);
  }
}

export function useTestStripe(): TestStripe {
  const stripe = new TestStripe();
  beforeEach(() => stripe.start());
  afterEach(() => stripe.stop());
  return stripe;
}

const byDefault: Respond = (response, request) =>
  /^(customers|balance_transactions)\/./.test(request.path)
    ? missing("id")(response, request)
    : list()(response, request);

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Respond {
  return (response) =>
    void response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify(body));
}

export function list(...data: unknown[]): Respond {
  return json({ object: "list", url: "/v1/…", has_more: false, data });
}

export function error(status: number, fields: object = {}, headers: Record<string, string> = {}): Respond {
  return json(
    { error: { type: "invalid_request_error", message: "Stripe's own words", ...fields } },
    status,
    headers,
  );
}

export function missing(param: string, status = 404): Respond {
  return error(status, { code: "resource_missing", param });
}

export function session(fields: object = {}) {
  return {
    id: "cs_1",
    object: "checkout.session",
    payment_intent: INTENT,
    client_reference_id: null,
    customer: null,
    metadata: {},
    ...fields,
  };
}

export function invoicePayment(invoice: object = {}, fields: object = {}) {
  return {
    id: "inpay_1",
    object: "invoice_payment",
    status: "paid",
    payment: { type: "payment_intent", payment_intent: INTENT },
    invoice: { id: "in_1", object: "invoice", customer: null, metadata: {}, parent: null, ...invoice },
    ...fields,
  };
}

/** The `parent` of an invoice. */
export function ofSubscription(metadata: object | null) {
  return {
    type: "subscription_details",
    quote_details: null,
    subscription_details: { subscription: "sub_1", metadata },
  };
}

export function customer(fields: object = {}) {
  return { id: "cus_1", object: "customer", metadata: {}, ...fields };
}
