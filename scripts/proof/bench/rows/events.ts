/** Deliveries, against Workers of the same shape that do the least possible. */
import { type Bench, startOther, startProduct } from "../bench.ts";
import { compare, measure, pairs } from "../measure.ts";
import { type Row, rowOf } from "../row.ts";
import type { Run } from "../summarize.ts";
import { forge, indices, replay, settle } from "./loads.ts";

const STORE = "e";
/** Before anything is measured: the compiler has seen the code. */
const WARM_UP = 500;

export async function deliveryRows(bench: Bench): Promise<Row[]> {
  const { effort, say } = bench;
  const { rounds } = effort;
  const [product, floor, laned, indexed, empty] = await Promise.all([
    startProduct(bench, "product"),
    startOther(bench, "floor", "floor"),
    startOther(bench, "floor", "floor-with-lane", { LANE: "1" }),
    startOther(bench, "floor", "floor-with-lane-and-index", { LANE: "1", INDEX: "1" }),
    startOther(bench, "empty", "empty"),
  ]);
  for (const server of [product, floor, laned, indexed]) {
    await measure(bench, server, settle(STORE, 0, WARM_UP));
  }
  for (const server of [product, floor, empty]) await measure(bench, server, forge(2 * WARM_UP));

  say("settling");
  const settled = await compare(bench, rounds, { product, floor, laned, indexed }, (round) =>
    settle(STORE, WARM_UP + round * effort.settle, effort.settle),
  );

  say("replaying, objects awake");
  const awake = replay(STORE, indices(0, effort.replay));
  for (const server of [product, floor]) await measure(bench, server, awake);
  const replayed = await compare(bench, rounds, { product, floor }, () => awake);

  say("refusing");
  const forged = await compare(bench, rounds, { product, floor, empty }, () => forge(effort.forged));

  say("replaying, objects asleep");
  for (const server of [product, floor]) await server.untilAsleep();
  const woken = await compare(bench, rounds, { product, floor }, (round) => ({
    ...replay(STORE, indices(WARM_UP + round * effort.replay, effort.replay)),
    opens: effort.replay,
  }));

  return [
    row("settle a new event", "floor that also passes through a lane", settled.product, settled.laned, 0.8),
    row("settle a new event", "that floor, which also publishes a row", settled.product, settled.indexed),
    row("settle a new event", "floor without a lane", settled.product, settled.floor),
    row("replay a settled event", "floor", replayed.product, replayed.floor, 0.85),
    row("replay it, its object asleep", "floor", woken.product, woken.floor, 0.85),
    row("refuse a forged event", "empty Worker", forged.product, forged.empty, 0.75),
    row("refuse a forged event", "floor", forged.product, forged.floor),
  ];
}

/** `least`: the target of its speed. */
function row(name: string, against: string, product: Run[], other: Run[], least?: number): Row {
  const target = least === undefined ? {} : { target: { of: "speed", least } as const };
  return rowOf({ name, against, ...target }, pairs(product, other));
}
