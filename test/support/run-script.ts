import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { bareEnv } from "../../scripts/lib/bare-env.ts";
import { ROOT } from "../../scripts/lib/paths.ts";

/** Most of a short script's time is compiling what it imports. */
const COMPILE_CACHE = resolve(ROOT, "node_modules", ".cache", "compile");

export type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs a script to its end, from the repository's root, with nothing of the developer's environment. */
export function runScript(
  script: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly node?: string } = {},
): Promise<Run> {
  return new Promise((done) => {
    const child = execFile(
      options.node ?? process.execPath,
      [script, ...args],
      {
        cwd: ROOT,
        env: { ...bareEnv(), NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env },
        maxBuffer: 16 * 1024 * 1024,
      },
      (_error, stdout, stderr) => done({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}
