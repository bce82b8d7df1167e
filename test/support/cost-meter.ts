/**
 * Counts what one event uses, where it uses it: in its own object, in its shard of the index and in its
 * account's lane, through the real code.
 */
import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import { shardOf } from "../../src/event-index/shard.ts";
import { exclusiveLane } from "./exclusive-lane.ts";
import { SHARDS, shardStub, stubOf } from "./worker.ts";

export interface Count {
  /** Calls and alarm runs. */
  objectRequests: number;
  rows: number;
}

export interface Counters {
  readonly own: Count;
  readonly index: Count;
  readonly lane: Count;
  stop(): void;
}

type Method = (...args: unknown[]) => unknown;

const OWN_CALLS = ["deliver", "inspect", "retry", "resolve", "poke", "alarm"];

/** A lane takes its mark away a moment after its last turn. */
export const LANE_IDLE_MS = 200;

/**
 * Each put, each alarm set and each row taken away is a row. Alarms taken away are not counted here: the one
 * that an event needs taken away has rung already, and running an alarm by hand takes it away first.
 */
export async function meterEvent(eventId: string, accountId: string): Promise<Counters> {
  const own: Count = { objectRequests: 0, rows: 0 };
  const index: Count = { objectRequests: 0, rows: 0 };
  const lane: Count = { objectRequests: 0, rows: 0 };
  const spies: { mockRestore(): void }[] = [];
  await runInDurableObject(stubOf(eventId), (object, { storage }) => {
    // Not on the object: what is its own, and not its class's, is out of RPC's reach.
    for (const call of OWN_CALLS) {
      const real = methodOf(object, call);
      const spy = vi.spyOn(Object.getPrototypeOf(object), call);
      spies.push(spy);
      spy.mockImplementation(function (this: unknown, ...args) {
        if (this === object) own.objectRequests++;
        return real.apply(this, args);
      });
    }
    before(storage.kv, "put", () => own.rows++);
    before(storage.kv, "delete", () => own.rows++);
    before(storage, "setAlarm", () => own.rows++);
    before(storage, "deleteAll", () => (own.rows += [...storage.kv.list()].length));
  });
  await runInDurableObject(shardStub(shardOf(eventId, SHARDS)), (object, { storage }) => {
    // A purge is not counted: one call takes a thousand events' rows away.
    const publish = methodOf(object, "publish");
    const spy = vi.spyOn(Object.getPrototypeOf(object), "publish");
    spies.push(spy);
    spy.mockImplementation(async function (this: unknown, ...args) {
      const published = await publish.apply(this, args);
      if (this === object) index.objectRequests++;
      return published;
    });
    const exec = storage.sql.exec.bind(storage.sql);
    replace(storage.sql, "exec", (...args) => {
      const cursor = exec(...(args as Parameters<SqlStorage["exec"]>));
      index.rows += cursor.rowsWritten;
      return cursor;
    });
  });
  await runInDurableObject(await exclusiveLane(accountId), (object, { storage }) => {
    const settle = methodOf(object, "settle");
    const spy = vi.spyOn(Object.getPrototypeOf(object), "settle");
    spies.push(spy);
    spy.mockImplementation(function (this: unknown, ...args) {
      if (this === object) lane.objectRequests++;
      return settle.apply(this, args);
    });
    before(storage.kv, "put", () => lane.rows++);
    before(storage.kv, "delete", () => lane.rows++);
  });
  return { own, index, lane, stop: () => spies.forEach((spy) => spy.mockRestore()) };
}

export function restingBytes(eventId: string): Promise<number> {
  return runInDurableObject(stubOf(eventId), (_, { storage }) => storage.sql.databaseSize);
}

function before(target: object, name: string, act: () => void): void {
  const real = methodOf(target, name);
  replace(target, name, (...args) => {
    act();
    return real.apply(target, args);
  });
}

function methodOf(target: object, name: string): Method {
  const method = (target as Record<string, Method>)[name];
  if (method === undefined) throw new Error(`nothing to count: ${name}`);
  return method;
}

function replace(target: object, name: string, value: Method): void {
  Object.defineProperty(target, name, { configurable: true, value });
}
