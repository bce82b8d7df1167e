/**
 * The statistics of a shard of many events, against those of an empty one. Both are the product's own class.
 */
import { type Bench, startOther } from "../bench.ts";
import { compare, type Load, pairs } from "../measure.ts";
import { type Row, rowOf, type Target } from "../row.ts";

const STORED = 1_000_000;
/** At most 1.2 times the time. */
const TARGET: Target = { of: "speed", least: 0.83 };
const SHARDS = { product: ["million", STORED], other: ["empty", 0] } as const;

export async function statisticsRows(bench: Bench): Promise<Row[]> {
  const server = await startOther(bench, "statistics", "statistics");
  const servers = { product: server, other: server };
  const read = { product: "", other: "" };
  for (const side of ["product", "other"] as const) {
    const [shard, rows] = SHARDS[side];
    bench.say(`a shard of ${rows.toLocaleString("en")} events`);
    const filled = await fetch(`${server.origin}/${shard}?rows=${rows}`, { method: "POST" });
    read[side] = await filled.text();
  }
  const load = (_: number, side: keyof typeof servers): Load => ({
    concurrency: 1,
    work: { kind: "gets", path: `/${SHARDS[side][0]}`, adminKey: "", times: bench.effort.lists },
    expect: { status: 200, text: '"ok":true' },
  });
  await compare(bench, 1, servers, load);
  const { product, other } = await compare(bench, bench.effort.rounds, servers, load);
  const name = `statistics, ${STORED.toLocaleString("en")} stored: ${read.product} rows read`;
  return [
    rowOf({ name, against: `empty shard: ${read.other} rows read`, target: TARGET }, pairs(product, other)),
  ];
}
