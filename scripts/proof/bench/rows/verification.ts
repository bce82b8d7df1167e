/** From signed bytes to a yes, and to a settlement, against the `stripe` package, which ends at the event. */
import { type Bench, SIGNING_SECRET, startOther } from "../bench.ts";
import { eventBodyOf } from "../load/events.ts";
import { compare, type Load, pairs } from "../measure.ts";
import { type Row, rowOf } from "../row.ts";

const BODY_BYTES = [1_000, 4_000, 20_000];
const TARGET = { of: "speed", least: 1.5 } as const;
const NAMES = { signature: "verify the signature of", event: "verify, parse and map" } as const;

export async function verificationRows(bench: Bench): Promise<Row[]> {
  const { effort, say } = bench;
  const server = await startOther(bench, "verification", "verification");
  const servers = { product: server, stripe: server };
  const rows: Row[] = [];
  for (const what of ["signature", "event"] as const) {
    for (const bytes of BODY_BYTES) {
      const name = `${NAMES[what]} ${(eventBodyOf(bytes).length / 1_000).toFixed(1)} KB`;
      say(name);
      const load = (_: number, side: keyof typeof servers): Load => {
        const times = effort.verifications;
        const path = `/${side === "product" ? "clawsettle" : "stripe"}/${what}?times=${times}`;
        return {
          concurrency: 1,
          work: { kind: "posts", path, bytes, secret: SIGNING_SECRET, times: 1 },
          expect: { status: 200, text: `${times}` },
          operationsPerRequest: times,
        };
      };
      // Once without being measured: the compiler has seen the code.
      await compare(bench, 1, servers, load);
      const { product, stripe } = await compare(bench, effort.rounds, servers, load);
      rows.push(rowOf({ name, against: "stripe package", target: TARGET }, pairs(product, stripe)));
    }
  }
  return rows;
}
