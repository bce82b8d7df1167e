/**
 * Operators start the smokes with the `node` of their machine, which may be too old to import TypeScript.
 * This file must therefore run on any Node since 18: plain JavaScript, no dependency.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The first Node that strips types without a flag. Keep it in step with `engines` in package.json. */
const OLDEST_NODE = [22, 18];

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const PINNED_NODE = join(
  ROOT,
  "node_modules",
  "node",
  "bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/**
 * True when this process can import TypeScript. Otherwise the script has already been run again, with the
 * same arguments, on the Node that this project pins, and its exit code is set: the caller only has to
 * return.
 *
 * @param {string} scriptUrl `import.meta.url` of the script
 */
export function runsOnPinnedNode(scriptUrl) {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return true;

  if (!existsSync(PINNED_NODE)) {
    console.error(`This needs Node ${OLDEST_NODE.join(".")} or newer, and here is ${process.versions.node}.`);
    console.error("Run `npm ci` first: it installs the Node that this project pins.");
    process.exitCode = 2;
    return false;
  }
  const child = spawnSync(PINNED_NODE, [fileURLToPath(scriptUrl), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exitCode = child.status ?? 1;
  return false;
}
