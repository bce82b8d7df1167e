/** The local runtime has no jurisdictions, so these namespaces only note which one was asked. */
import { expect, it } from "vitest";
import { callEvent } from "../../../../src/event/call-event.ts";
import { askShard } from "../../../../src/event-index/call-shards.ts";
import { setMovementResolved } from "../../../../src/ledger/call-lane.ts";
import { askReconciler } from "../../../../src/reconciler/call-reconciler.ts";

const CALLS: Record<string, (env: Env) => Promise<unknown>> = {
  STRIPE_EVENT: (env) => callEvent(env, "evt_1", (stub) => stub.poke()),
  EVENT_INDEX: (env) => askShard({ env }, "shard-0-of-1", (stub) => stub.noteSweep(1)),
  RECONCILER: (env) => askReconciler(env, (stub) => stub.tick()),
  ACCOUNT_LANE: (env) => {
    const movement = { name: "pi_1 payin", accountId: "acc_1", eventId: "evt_1" };
    return setMovementResolved(env, movement, true, 1_000);
  },
};

async function askedBy(binding: string, value: string | undefined): Promise<readonly string[]> {
  const asked: string[] = [];
  const namespace = (jurisdiction: string) => ({
    getByName: () => {
      asked.push(jurisdiction);
      return new Proxy({}, { get: () => async () => ({ ok: true, value: null }) });
    },
    jurisdiction: (name: string) => namespace(name),
  });
  const env = { [binding]: namespace("none"), ...(value !== undefined && { DATA_JURISDICTION: value }) };
  await CALLS[binding]?.(env as unknown as Env);
  return asked;
}

it.each(Object.keys(CALLS))("%s: reached in the configured jurisdiction alone", async (binding) => {
  expect(await askedBy(binding, "eu")).toEqual(["eu"]);
  expect(await askedBy(binding, "fedramp-high")).toEqual(["fedramp-high"]);
});

it.each(Object.keys(CALLS))("%s, none configured → without one", async (binding) => {
  expect(await askedBy(binding, undefined)).toEqual(["none"]);
  expect(await askedBy(binding, "")).toEqual(["none"]);
});

it.each(Object.keys(CALLS))("%s, a value that is none → no object is reached", async (binding) => {
  expect(await askedBy(binding, "EU")).toEqual([]);
});
