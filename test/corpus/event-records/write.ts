/**
 * Writes the stored bytes of the newest version beside those of the older ones, once: `npx node
 * test/corpus/event-records/write.ts`. What was committed is never written again.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { serialize } from "node:v8";
import { RECORD_VERSION, toStored } from "../../../src/event/stored-record.ts";
import { EXAMPLES } from "./examples.ts";

const corpus = Object.fromEntries(
  Object.entries(EXAMPLES).map(([name, example]) => [
    name,
    serialize(toStored(example())).toString("base64"),
  ]),
);
const path = join(import.meta.dirname, `v${RECORD_VERSION}.json`);
writeFileSync(path, `${JSON.stringify(corpus, null, 2)}\n`, { flag: "wx" });
