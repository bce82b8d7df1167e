/**
 * Adds to package-lock.json the optional platform packages that npm left out.
 *
 * A registry mirror that lags has the newest build of a tool for some platforms only. npm then writes a lock
 * file without the others, and its own `npm ci` refuses that file on every machine. What is missing follows
 * from the parent's `optionalDependencies`; the platform stands in the package's name. Run it after a change
 * of dependencies:
 *
 *     npm run lockfile
 */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ROOT } from "../lib/paths.ts";

type Locked = {
  version?: string;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
};
type Packages = Record<string, Locked>;

const OS: Readonly<Record<string, string>> = { win32: "win32", windows: "win32" };
const CPU: Readonly<Record<string, string>> = { "64": "x64", ia32: "ia32" };
const PLATFORM = /-(android|darwin|freebsd|linux|openharmony|win32|windows)-([a-z0-9]+)(?:-(\w+))?$/;
const EXACT = /^\d/;

const file = resolve(ROOT, "package-lock.json");
const lock = JSON.parse(await readFile(file, "utf8")) as { packages: Packages };
const added = missing(lock.packages);
lock.packages = Object.fromEntries(
  Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1)),
);
await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${Object.keys(added).length} platform packages added`);

function missing(packages: Packages): Packages {
  const found: Packages = {};
  for (const [path, locked] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(locked.optionalDependencies ?? {})) {
      if (!EXACT.test(version) || resolvedVersion(packages, path, name) === version) continue;
      const entry = entryFor(name, version);
      if (entry !== null) found[`${folderOfSiblings(packages, name, version)}node_modules/${name}`] = entry;
    }
  }
  return found;
}

/** As Node looks it up: in the package's own node_modules, then in each one above. */
function resolvedVersion(packages: Packages, from: string, name: string): string | undefined {
  for (let path = from; ; path = path.slice(0, Math.max(0, path.lastIndexOf("/node_modules/")))) {
    const entry = packages[`${path === "" ? "" : `${path}/`}node_modules/${name}`];
    if (entry !== undefined || path === "") return entry?.version;
  }
}

/** npm puts a parent's platform packages side by side; one of them at least is there: this machine's. */
function folderOfSiblings(packages: Packages, name: string, version: string): string {
  const scope = `node_modules/${name.split("/")[0]}/`;
  const sibling = Object.keys(packages).find(
    (path) => path.includes(scope) && packages[path]?.version === version,
  );
  return sibling?.slice(0, sibling.lastIndexOf("node_modules/")) ?? "";
}

function entryFor(name: string, version: string): Locked | null {
  const [, os = "", cpu = "", abi] = PLATFORM.exec(name) ?? [];
  if (os === "") return null;
  const libc = abi === "musl" ? ["musl"] : abi === "gnu" ? ["glibc"] : null;
  return {
    version,
    cpu: [CPU[cpu] ?? cpu],
    dev: true,
    ...(libc !== null && { libc }),
    optional: true,
    os: [OS[os] ?? os],
  };
}
