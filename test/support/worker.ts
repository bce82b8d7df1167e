/**
 * The Worker as Stripe and operators meet it, in workerd: signed deliveries,
 * operator requests, one event's object.
 */
import {
  createExecutionContext,
  createScheduledController,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { utf8 } from "../../src/bytes.ts";
import { loadConfig } from "../../src/config.ts";
import { wakeAt } from "../../src/event/machine.ts";
import type { NOTES_SHARD } from "../../src/event-index/call-shards.ts";
import type { EventIndex } from "../../src/event-index/event-index.ts";
import { shardName, shardOf } from "../../src/event-index/shard.ts";
import type { StripeEventObject } from "../../src/event/stripe-event-object.ts";
import type { EventRecord } from "../../src/event/record.ts";
import worker from "../../src/index.ts";
import { SETTING_NAMES } from "../../src/stored-settings/setting-rules.ts";
import { signPayload } from "../../scripts/sandbox/events/stripe-signature.ts";

export const SECRET = "whsec_test_new_as_long_as_stripes";
export const OLD_SECRET = "whsec_test_old_as_long_as_stripes";
export const BASE = "https://clawsettle.test";
const WEBHOOK = `${BASE}/v1/stripe/webhook`;
/** As configured by default. */
export const SHARDS = 8;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Tests read it as a client does: its shape is what they test.
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
  /** Gives the answer as soon as Stripe would get it, with the row perhaps not published yet. */
  readonly atOnce?: boolean;
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
  const answering = send(new Request(WEBHOOK, { method: "POST", headers, body }), options.env);
  return options.atOnce === true ? answering : afterPublishing(answering);
}

export async function send(request: Request, overrides: Record<string, unknown> = {}): Promise<Answer> {
  const response = await worker.fetch(
    request as Request<unknown, IncomingRequestCfProperties>,
    withOverrides(overrides),
    createExecutionContext(),
  );
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const body = text === "" ? null : isJson ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body };
}

const isolates = new WeakMap<object, Env>();

/** The same overrides are the same isolate: the platform hands every request of one the same `env`. */
export function withOverrides(overrides: Record<string, unknown>): Env {
  if (Object.keys(overrides).length === 0) return env as Env;
  const known = isolates.get(overrides);
  if (known !== undefined) return known;
  const merged = Object.entries({ ...env, ...ownSettings(overrides), ...overrides });
  const isolate = Object.fromEntries(merged.filter(([, value]) => value !== undefined)) as unknown as Env;
  isolates.set(overrides, isolate);
  return isolate;
}

/**
 * Other settings that are stored once seen are another deployment's, which has
 * stored them in an object of its own.
 */
function ownSettings(overrides: Record<string, unknown>): object {
  const names = SETTING_NAMES.filter((name) => name in overrides);
  if (names.length === 0) return {};
  const suffix = JSON.stringify(names.map((name) => [name, overrides[name]]));
  const getByName = (name: string) => env.STORED_SETTINGS.getByName(name + suffix);
  return { STORED_SETTINGS: { getByName } };
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
  return method === "GET" ? send(request, options.env) : afterPublishing(send(request, options.env));
}

/**
 * An event publishes its row, and moves its alarm, after its answer. A test that looks at either at once
 * would see now one thing, now another; so it gets the answer once that is over.
 */
async function afterPublishing(answering: Promise<Answer>): Promise<Answer> {
  const answer = await answering;
  const eventId: unknown = answer.body?.event_id ?? answer.body?.details?.event_id;
  if (typeof eventId === "string") await untilPublished(eventId);
  return answer;
}

/** Gives up after a second: the test may just have broken the index, the record or the alarm. */
export async function untilPublished(eventId: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const published = await runInDurableObject(stubOf(eventId), async (_, { storage }) => {
      const record = storage.kv.get<EventRecord>("event");
      return record === undefined || hasMovedAlarm(record, await storage.getAlarm());
    });
    if (published) return;
    await scheduler.wait(2);
  }
}

/** The alarm is where the record wants it: so its row is published. */
function hasMovedAlarm(record: EventRecord, alarm: number | null): boolean {
  const configured = loadConfig(env);
  if (!configured.ok) return true;
  const wanted = wakeAt(record, {
    ...configured.config,
    ledgerTimeoutMs: configured.config.ledger.timeoutMs,
    currencies: configured.config.ledger.currencies,
  });
  return alarm === wanted || (alarm !== null && wanted !== null && wanted <= Date.now());
}

export function showEvent(eventId: string): Promise<Answer> {
  return operator("GET", `/v1/admin/events/${eventId}`);
}

/** The cron's run, over and done with. Without the Reconciler's part, unless a key for it is given. */
export async function runCron(overrides: Record<string, unknown> = {}): Promise<void> {
  const withoutKey = { STRIPE_API_KEY: undefined, ...overrides };
  await worker.scheduled(createScheduledController(), withOverrides(withoutKey));
}

/** The event's shard of the index. */
export function shardStubOf(eventId: string): DurableObjectStub<EventIndex> {
  return shardStub(shardOf(eventId, SHARDS));
}

export function shardStub(shard: number | typeof NOTES_SHARD): DurableObjectStub<EventIndex> {
  return env.EVENT_INDEX.getByName(typeof shard === "number" ? shardName(shard, SHARDS) : shard);
}

/** The event's row in the index; undefined when there is none. */
export function indexRow(eventId: string): Promise<Record<string, SqlStorageValue> | undefined> {
  return runInDurableObject(
    shardStubOf(eventId),
    (_, { storage }) => storage.sql.exec("SELECT * FROM events WHERE event_id = ?", eventId).toArray()[0],
  );
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
 * A crash: whatever was not committed is gone, and so is everything in memory. An event's id stands for its
 * object. The reason given is one that the test runner knows for harmless, so that it prints no stack.
 */
export async function crash(object: string | DurableObjectStub): Promise<void> {
  const stub = typeof object === "string" ? stubOf(object) : object;
  try {
    await runInDurableObject(stub as DurableObjectStub<StripeEventObject>, (_, state) =>
      state.abort("Instance dispose"),
    );
  } catch {
    // The abort ends the call that asked for it.
  }
}
