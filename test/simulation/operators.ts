/** People: they look at events, retry them, close what failed for good, and now and then somebody sends nonsense. */
import { utf8 } from "../../src/bytes.ts";
import type { RetryReply } from "../../src/event/engine.ts";
import { isFinal } from "../../src/event/record.ts";
import type { OperatorRetry } from "../../src/event/machine-types.ts";
import type { IndexModel } from "./index-model.ts";
import type { EventObject } from "./object.ts";
import type { HistoryEvent } from "../../scripts/proof/histories/history.ts";
import type { Watch } from "./invariants.ts";
import { DAY, HOUR, SECOND } from "../../scripts/lib/durations.ts";
import type { WorkerModel } from "./worker.ts";
import type { World } from "./world.ts";

export interface Desk {
  readonly world: World;
  readonly watch: Watch;
  readonly worker: WorkerModel;
  readonly index: IndexModel;
  readonly objectOf: (id: string) => EventObject;
  readonly events: readonly HistoryEvent[];
}

/** While the storm lasts: a few acts a day, on what is listed or on any event at all. */
export async function staff(desk: Desk): Promise<void> {
  const { world } = desk;
  const { random, weather, time } = world;
  const actsPerDay = weather.operators.retriesPerDay;
  if (actsPerDay === 0) return;
  for (;;) {
    await time.sleep(random.magnitude(HOUR / 60, (2 * DAY) / actsPerDay));
    if (!world.stormy) return;
    const failed = listedFailures(desk);
    const id = failed.length > 0 && random.chance(0.7) ? random.pick(failed) : random.pick(desk.events).id;
    if (random.chance(0.2)) void look(desk, id);
    else if (random.chance(weather.operators.resolves)) void resolve(desk, id);
    else void retry(desk, id, random.pick(["any", "healing"]));
  }
}

export function listedFailures({ index }: Desk): string[] {
  return [...index.rows.values()].filter((row) => row.state === "failed").map((row) => row.event_id);
}

async function look({ world, worker, objectOf }: Desk, id: string): Promise<void> {
  world.count("looks");
  await worker.call(() => objectOf(id).call("a look", (engine) => engine.inspect()));
}

/** An unmappable event hands out its body, and comes back with what the mapper makes of it now. */
export async function retry(desk: Desk, id: string, scope: OperatorRetry["scope"]): Promise<void> {
  desk.world.count("operator retries");
  desk.world.say(id, () => `an operator retries (${scope})`);
  const request: OperatorRetry = { actor: "ana", note: null, scope, mapping: null };
  const reply = await ask(desk, id, request);
  if (reply?.kind === "needs_mapping") {
    await ask(desk, id, { ...request, mapping: desk.worker.remap(reply.body) });
  }
}

async function ask(desk: Desk, id: string, request: OperatorRetry): Promise<RetryReply | null> {
  const { world, worker, objectOf } = desk;
  const object = objectOf(id);
  const was = object.storage.durable.record;
  const reply = await worker.call(() => object.call("a retry", (engine) => engine.retry(request)));
  if (reply?.kind === "retried" && reply.attempted && was !== null && isFinal(was)) {
    world.violate(id, `lets an operator attempt it again when ${was.state}`);
  }
  return reply;
}

/** Only what failed for good is closed: what heals by itself needs nobody. */
async function resolve({ world, watch, worker, index, objectOf }: Desk, id: string): Promise<void> {
  const row = index.rows.get(id);
  if (row?.state !== "failed" || row.next_retry_at !== null) return;
  world.count("operator resolves");
  world.say(id, () => "an operator resolves");
  watch.shown(id).operatorActs.add("resolve");
  await worker.call(() => objectOf(id).call("a resolve", (engine) => engine.resolve("ana", "by hand")));
}

/** Somebody signs another amount under an id that is taken: a broken relay, or a stolen secret. */
export function contradict(desk: Desk): void {
  const { random, time, weather } = desk.world;
  for (const event of desk.events) {
    if (event.expected !== "money" || !random.chance(weather.stripe.contradiction)) continue;
    time.at(event.at + random.magnitude(SECOND, DAY), () => void contradictOne(desk, event));
  }
}

async function contradictOne({ world, worker, objectOf }: Desk, event: HistoryEvent): Promise<void> {
  const { record } = objectOf(event.id).storage.durable;
  // What comes first is believed, and so is what comes first after it could not be mapped.
  if (record === null || (record.state === "failed" && record.cause === "unmappable")) return;
  if (record.state === "resolved" && record.work === null) return;
  world.count("contradictions");
  world.say(event.id, () => "another amount comes under this id");
  const reply = await worker.deliver(utf8(JSON.stringify(withOtherAmounts(event))));
  if (reply !== null && reply !== "unavailable" && reply.kind !== "event_conflict") {
    world.violate(event.id, `takes a contradiction for a delivery: ${JSON.stringify(reply)}`);
  }
}

function withOtherAmounts({ body }: HistoryEvent): unknown {
  const object: Record<string, unknown> = { ...body.data.object };
  for (const field of ["amount", "amount_received", "amount_refunded"]) {
    const amount = object[field];
    if (typeof amount === "number") object[field] = amount + 1;
  }
  return { ...body, data: { ...body.data, object } };
}
