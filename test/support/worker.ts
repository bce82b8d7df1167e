/** The Worker as Stripe and operators meet it, in workerd: signed deliveries, operator requests, one event's object. */
import { createExecutionContext, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { utf8 } from "../../src/bytes.ts";
import type { StripeEventObject } from "../../src/event/object.ts";
import type { EventRecord } from "../../src/event/record.ts";
import worker from "../../src/index.ts";
import { signPayload } from "../../scripts/lib/stripe-signature.ts";

export const SECRET = "whsec_test_new";
export const OLD_SECRET = "whsec_test_old";
export const BASE = "https://clawsettle.test";
const WEBHOOK = `${BASE}/v1/stripe/webhook`;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Answers are JSON that a test looks into; their shapes are what is tested.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export interface SendOptions {
  readonly secret?: string;
  readonly header?: string | null;
  readonly timestampSeconds?: number;
  /** Laid over the test's own configuration. An `undefined` takes a variable away. */
  readonly env?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

/** Signs the event, or the raw body, and delivers it. */
export async function deliver(event: unknown, options: SendOptions = {}): Promise<Answer> {
  const body =
    event instanceof Uint8Array ? event : utf8(typeof event === "string" ? event : JSON.stringify(event));
  const timestampSeconds = options.timestampSeconds ?? Math.floor(Date.now() / 1000);
  const header =
    options.header === undefined
      ? await signPayload(body, options.secret ?? SECRET, { timestampSeconds })
      : options.header;
  const headers = { ...(header !== null && { "stripe-signature": header }), ...options.headers };
  return send(new Request(WEBHOOK, { method: "POST", headers, body }), options.env);
}

export async function send(request: Request, overrides: Record<string, unknown> = {}): Promise<Answer> {
  const response = await worker.fetch(
    request as Request<unknown, IncomingRequestCfProperties>,
    withOverrides(overrides),
    createExecutionContext(),
  );
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
}

export function withOverrides(overrides: Record<string, unknown>): Env {
  if (Object.keys(overrides).length === 0) return env as Env;
  const merged = Object.entries({ ...env, ...overrides }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(merged) as unknown as Env;
}

/** As an operator with the admin key, unless `key` says otherwise; null sends none. */
export async function operator(
  method: string,
  path: string,
  body?: unknown,
  options: { readonly key?: string | null; readonly env?: Record<string, unknown> } = {},
): Promise<Answer> {
  const key = options.key === undefined ? env.SETTLE_ADMIN_KEY : options.key;
  const headers = key === null ? {} : { authorization: `Bearer ${key}` };
  const request = new Request(`${BASE}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return send(request, options.env);
}

export function showEvent(eventId: string): Promise<Answer> {
  return operator("GET", `/v1/admin/events/${eventId}`);
}

export function stubOf(eventId: string): DurableObjectStub<StripeEventObject> {
  return env.STRIPE_EVENT.getByName(eventId);
}

export function storedRecord(eventId: string): Promise<EventRecord | undefined> {
  return runInDurableObject(stubOf(eventId), (_, state) => state.storage.kv.get<EventRecord>("event"));
}

export function alarmAt(eventId: string): Promise<number | null> {
  return runInDurableObject(stubOf(eventId), (_, state) => state.storage.getAlarm());
}

/** Runs the object's alarm now, whenever it was due. */
export function runAlarm(eventId: string): Promise<boolean> {
  return runDurableObjectAlarm(stubOf(eventId));
}

/**
 * A crash: whatever was not committed is gone, and so is everything in memory.
 * The reason given is one that the test runner knows for harmless, so that it prints no stack.
 */
export async function crash(eventId: string): Promise<void> {
  try {
    await runInDurableObject(stubOf(eventId), (_, state) => state.abort("Instance dispose"));
  } catch {
    // The abort ends the call that asked for it.
  }
}
