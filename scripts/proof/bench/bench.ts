/** What every comparison needs, and how it gets its servers. */
import { compatibilityDate, benchScript, productConfig, productScript } from "./workerd/bundle.ts";
import { type Server, startServer } from "./workerd/server.ts";
import { startBenchLedger, startGenerator } from "./children.ts";
import type { Effort } from "./effort.ts";
import type { Place } from "./place.ts";

/** They open nothing: everything here is on this machine, and gone afterwards. */
export const SIGNING_SECRET = "whsec_bench";
export const ADMIN_KEY = "bench-admin-key";

const OBJECTS = {
  floor: { EVENT: "FloorEvent", ROWS: "FloorIndex", LANES: "FloorLane" },
  statistics: { EVENT_INDEX: "FilledIndex" },
  empty: {},
  verification: {},
};

export type Bench = Awaited<ReturnType<typeof prepare>>;

export async function prepare(place: Place, effort: Effort, say: (what: string) => void) {
  say("the production bundle");
  return {
    effort,
    place,
    /** Shows what happens to whoever waits. */
    say,
    /** What `wrangler deploy` would upload. */
    product: await productScript(place.folder),
    generator: place.keep(startGenerator()),
    ledger: place.keep(await startBenchLedger()),
  };
}

export async function startProduct(bench: Bench, name: string): Promise<Server> {
  const config = productConfig({
    STRIPE_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET,
    SETTLE_ADMIN_KEY: ADMIN_KEY,
    LEDGER_ADMIN_KEY: "bench-ledger-key",
    LEDGER_BASE_URL: bench.ledger.origin,
  });
  const { folder } = bench.place;
  return bench.place.keep(await startServer({ name, folder, script: bench.product, config }));
}

/** With `texts` of its own, and with its objects. */
export async function startOther(
  { place, ledger }: Bench,
  worker: keyof typeof OBJECTS,
  name: string,
  texts: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const config = {
    compatibilityDate: compatibilityDate(),
    texts: { SIGNING_SECRET, LEDGER_BASE_URL: ledger.origin, ...texts },
    objects: OBJECTS[worker],
  };
  const script = await benchScript(worker);
  return place.keep(await startServer({ name, folder: place.folder, script, config }));
}
