/**
 * Writes, once, what the newest version of each store stores, beside that of the older ones: `npx node
 * test/corpus/write.ts`. What was committed is never written again.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Store, STORES } from "./stores.ts";

for (const [folder, store] of Object.entries(STORES) as [string, Store][]) {
  const file = join(import.meta.dirname, folder, `v${store.version}.json`);
  if (existsSync(file)) continue;
  mkdirSync(dirname(file), { recursive: true });
  const corpus = Object.entries(store.examples).map(([name, example]) => [
    name,
    store.encode(store.toStored(example())),
  ]);
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(corpus), null, 2)}\n`, { flag: "wx" });
}
