import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { concurrently } from "../../src/concurrently.ts";

const AT_ONCE = 20;
const silenced = new Set<string>();

/**
 * Leaves no row, no run, no setting and no alarm. The events themselves stay: no other test has their ids.
 */
export async function forgetObjects(): Promise<void> {
  await silenceAlarms();
  for (const each of [env.EVENT_INDEX, env.RECONCILER, env.STORED_SETTINGS])
    await begin(each as DurableObjectNamespace);
}

/** Of all events that have come since it was last called. */
async function silenceAlarms(): Promise<void> {
  const ids = await listDurableObjectIds(env.STRIPE_EVENT);
  const loud = ids.filter((id) => !silenced.has(String(id)));
  await concurrently(loud, AT_ONCE, (id) =>
    runInDurableObject(env.STRIPE_EVENT.get(id), (_, { storage }) => storage.deleteAlarm()),
  );
  for (const id of loud) silenced.add(String(id));
}

/** All objects of a class begin again, with nothing stored and nothing in memory. */
async function begin(namespace: DurableObjectNamespace): Promise<void> {
  for (const id of await listDurableObjectIds(namespace)) {
    await runInDurableObject(namespace.get(id), async (_, state) => {
      await state.storage.deleteAlarm();
      await state.storage.deleteAll();
      // A reason that the test runner knows for harmless, so that it prints no stack.
      state.abort("Instance dispose");
    }).catch(() => undefined);
  }
}
