/**
 * The bundle of an older version, as it was deployed: what an upgrade begins with. See test/corpus/bundles.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { ROOT } from "./paths.ts";

export const OLDER_VERSION = "1.0.0";

export async function olderBundle(): Promise<string> {
  const file = join(ROOT, "test", "corpus", "bundles", `clawsettle-${OLDER_VERSION}.js.gz`);
  return (await promisify(gunzip)(await readFile(file))).toString("utf8");
}
