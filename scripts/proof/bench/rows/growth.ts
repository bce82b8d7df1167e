/** A store of many events, against one of few. Both are clawsettle, and differ only in what they hold. */
import { type Bench, startProduct } from "../bench.ts";
import { FEW_AT_ONCE } from "../effort.ts";
import { compare, type Load, measure, pairs } from "../measure.ts";
import { type Row, rowOf, type Target } from "../row.ts";
import type { Server } from "../workerd/server.ts";
import { list, replay, settle } from "./loads.ts";

const STORE = "g";
const BATCH = 500;
/** "Does not grow", as far as a 99th percentile can be set apart from noise. */
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
    rows.push(...(await rowsAt(bench, few, many, size === effort.storedEvents.at(-1))));
  }
  return rows;
}

async function rowsAt(bench: Bench, few: Store, many: Store, isLast: boolean): Promise<Row[]> {
  const { effort, say } = bench;
  const { growthRounds: rounds } = effort;
  const stores = { few, many };
  const servers = { few: few.server, many: many.server };
  const size = many.events.toLocaleString("en");
  const against = `${few.events.toLocaleString("en")} stored`;

  say(`listing, ${size} stored`);
  const page = () => list(effort.lists, FEW_AT_ONCE);
  await compare(bench, 1, servers, page);
  const listed = await compare(bench, rounds, servers, page);
  const rows = [
    rowOf({ name: `list a page, ${size} stored`, against, target: FLAT_P99 }, pairs(listed.many, listed.few)),
  ];
  if (!isLast) return rows;

  say(`replaying, ${size} stored`);
  const perRound = Math.floor(effort.fewEvents / rounds);
  const replayed = await compare(bench, rounds, servers, (round, name) =>
    replay(STORE, spread(stores[name], round, perRound), FEW_AT_ONCE),
  );

  say(`settling, ${size} stored`);
  const settled = await compare(bench, rounds, servers, (_, name) => settleMore(stores[name], effort.settle));
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
    await measure(bench, store.server, settleMore(store, Math.min(BATCH, size - store.events)));
  }
}

/** The load that adds them. */
function settleMore(store: Store, count: number): Load {
  const from = store.events;
  store.events += count;
  return settle(STORE, from, count);
}

/** Events from all over the store; none twice, and each round others: a replayed one would be awake. */
function spread(store: Store, round: number, count: number): number[] {
  const step = Math.floor(store.events / count);
  return Array.from({ length: count }, (_, i) => i * step + (round % step));
}
