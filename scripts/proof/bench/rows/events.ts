/** Deliveries, against Workers of the same shape that do the least possible. */
import { type Bench, startOther, startProduct } from "../bench.ts";
import { inTurn, measure, pairs } from "../measure.ts";
import { type Row, rowOf } from "../row.ts";
import type { Run } from "../summarize.ts";
import type { Server } from "../workerd/server.ts";
import { descriptorsFor, forge, replay, settle } from "./jobs.ts";

const STORE = "e";
/** Before anything is measured: the compiler has seen the code. */
const WARM_UP = 500;

export async function deliveryRows(bench: Bench): Promise<Row[]> {
  const { effort, generator, say } = bench;
  const [product, floor, indexed, empty] = await Promise.all([
    startProduct(bench, "product"),
    startOther(bench, "floor", "floor"),
    startOther(bench, "floor", "floor-with-index", { INDEX: "1" }),
    startOther(bench, "empty", "empty"),
  ]);
  for (const server of [product, floor, indexed]) await measure(generator, server, settle(STORE, 0, WARM_UP));
  for (const server of [product, floor, empty]) await measure(generator, server, forge(2 * WARM_UP));

  say("settling");
  const settleOn =
    (server: Server) =>
    async (round: number): Promise<Run> => {
      await server.untilFree(descriptorsFor(effort.settle));
      return measure(generator, server, settle(STORE, WARM_UP + round * effort.settle, effort.settle));
    };
  const settled = await inTurn(effort.rounds, {
    product: settleOn(product),
    floor: settleOn(floor),
    indexed: settleOn(indexed),
  });

  say("replaying, objects awake");
  const awake = Array.from({ length: effort.replay }, (_, i) => i);
  for (const server of [product, floor]) await measure(generator, server, replay(STORE, awake));
  const replayOn = (server: Server) => () => measure(generator, server, replay(STORE, awake));
  const replayed = await inTurn(effort.rounds, { product: replayOn(product), floor: replayOn(floor) });

  say("refusing");
  const forgeOn = (server: Server) => () => measure(generator, server, forge(effort.forged));
  const forged = await inTurn(effort.rounds, {
    product: forgeOn(product),
    floor: forgeOn(floor),
    empty: forgeOn(empty),
  });

  say("replaying, objects asleep");
  for (const server of [product, floor]) await server.untilAsleep();
  const wakeOn =
    (server: Server) =>
    async (round: number): Promise<Run> => {
      const first = WARM_UP + round * effort.replay;
      const asleep = Array.from({ length: effort.replay }, (_, i) => first + i);
      await server.untilFree(descriptorsFor(effort.replay));
      return measure(generator, server, replay(STORE, asleep));
    };
  const woken = await inTurn(effort.rounds, { product: wakeOn(product), floor: wakeOn(floor) });

  return [
    rowOf(
      { name: "settle a new event", against: "floor", target: { of: "speed", least: 0.8 } },
      pairs(settled.product, settled.floor),
    ),
    rowOf(
      { name: "settle a new event", against: "floor that also publishes a row" },
      pairs(settled.product, settled.indexed),
    ),
    rowOf(
      { name: "replay a settled event", against: "floor", target: { of: "speed", least: 0.85 } },
      pairs(replayed.product, replayed.floor),
    ),
    rowOf(
      { name: "replay it, its object asleep", against: "floor", target: { of: "speed", least: 0.85 } },
      pairs(woken.product, woken.floor),
    ),
    rowOf(
      { name: "refuse a forged event", against: "empty Worker", target: { of: "speed", least: 0.75 } },
      pairs(forged.product, forged.empty),
    ),
    rowOf({ name: "refuse a forged event", against: "floor" }, pairs(forged.product, forged.floor)),
  ];
}
