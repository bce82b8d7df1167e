/** A store of many events, against one of few. Both are clawsettle; they differ in nothing but what they hold. */
import { type Bench, startProduct } from "../bench.ts";
import { FEW_AT_ONCE } from "../effort.ts";
import { inTurn, measure, pairs } from "../measure.ts";
import { type Row, rowOf, type Target } from "../row.ts";
import type { Run } from "../summarize.ts";
import type { Server } from "../workerd/server.ts";
import { descriptorsFor, list, replay, settle } from "./jobs.ts";

const STORE = "g";
const BATCH = 500;
/** "Does not grow", as far as a 99th percentile can be told from noise. */
const FLAT_P99: Target = { of: "p99", least: 0.85 };
const FLAT_COST: Target = { of: "speed", least: 0.9 };

/** A store, and how many events it holds: 0 … `events` − 1. */
interface Store {
  readonly server: Server;
  events: number;
}

export async function growthRows(bench: Bench): Promise<Row[]> {
  const { effort } = bench;
  const few: Store = { server: await startProduct(bench, "few-events"), events: 0 };
  const many: Store = { server: await startProduct(bench, "many-events"), events: 0 };
  await fill(bench, few, effort.fewEvents);
  const rows: Row[] = [];
  for (const size of effort.storedEvents) {
    await fill(bench, many, size);
    await Promise.all([few.server.untilAsleep(), many.server.untilAsleep()]);
    rows.push(...(await compare(bench, few, many, size === effort.storedEvents.at(-1))));
  }
  return rows;
}

async function compare(bench: Bench, few: Store, many: Store, isLast: boolean): Promise<Row[]> {
  const { effort, generator, say } = bench;
  const size = many.events.toLocaleString("en");
  const against = `${few.events.toLocaleString("en")} stored`;

  say(`listing, ${size} stored`);
  const listOn = (store: Store) => () => measure(generator, store.server, list(effort.lists, FEW_AT_ONCE));
  await inTurn(1, { few: listOn(few), many: listOn(many) });
  const listed = await inTurn(effort.growthRounds, { few: listOn(few), many: listOn(many) });
  const rows = [
    rowOf({ name: `list a page, ${size} stored`, against, target: FLAT_P99 }, pairs(listed.many, listed.few)),
  ];
  if (!isLast) return rows;

  say(`replaying, ${size} stored`);
  const perRound = Math.floor(effort.fewEvents / effort.growthRounds);
  const replayOn = (store: Store) => (round: number) =>
    measure(generator, store.server, replay(STORE, spread(store, round, perRound), FEW_AT_ONCE));
  const replayed = await inTurn(effort.growthRounds, { few: replayOn(few), many: replayOn(many) });

  say(`settling, ${size} stored`);
  const settleOn = (store: Store) => () => settleMore(bench, store, effort.settle);
  const settled = await inTurn(effort.growthRounds, { few: settleOn(few), many: settleOn(many) });
  return [
    ...rows,
    rowOf(
      { name: `replay, object asleep, ${size} stored`, against, target: FLAT_P99 },
      pairs(replayed.many, replayed.few),
    ),
    rowOf(
      { name: `settle a new event, ${size} stored`, against, target: FLAT_COST },
      pairs(settled.many, settled.few),
    ),
  ];
}

async function fill(bench: Bench, store: Store, size: number): Promise<void> {
  while (store.events < size) {
    bench.say(`storing events: ${store.events.toLocaleString("en")} of ${size.toLocaleString("en")}`);
    await settleMore(bench, store, Math.min(BATCH, size - store.events));
  }
}

async function settleMore({ generator }: Bench, store: Store, count: number): Promise<Run> {
  await store.server.untilFree(descriptorsFor(count));
  const run = await measure(generator, store.server, settle(STORE, store.events, count));
  store.events += count;
  return run;
}

/** Events from all over the store; none twice, and each round others: a replayed one would be awake. */
function spread(store: Store, round: number, count: number): number[] {
  const step = Math.floor(store.events / count);
  return Array.from({ length: count }, (_, i) => i * step + (round % step));
}
