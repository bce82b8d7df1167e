/** What `wrangler deploy` would upload. In `npm run test:proof`. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { bareEnv } from "../../scripts/lib/bare-env.ts";
import { ROOT } from "../../scripts/lib/paths.ts";
import { isProof } from "../support/effort.ts";

const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
/** docs/deployment.md gives the size as it is; this allows for some growth. */
const MAX_KIB = 1_200;

describe.skipIf(!isProof)("wrangler deploy --dry-run", () => {
  it.each(["staging", "production"])(
    "%s: no warning, a small bundle, its source map",
    async (environment) => {
      const outdir = await mkdtemp(join(tmpdir(), "bundle-"));
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        [WRANGLER, "deploy", "--dry-run", "--env", environment, "--outdir", outdir],
        { cwd: ROOT, env: { ...bareEnv(), WRANGLER_SEND_METRICS: "false" } },
      );

      expect(stdout).toContain("--dry-run: exiting now.");
      expect(stdout + stderr).not.toMatch(/warning/i);
      expect((await stat(join(outdir, "index.js"))).size).toBeLessThan(MAX_KIB * 1_024);
      const { sources } = JSON.parse(await readFile(join(outdir, "index.js.map"), "utf8")) as {
        sources: string[];
      };
      expect(sources.filter((source) => source.includes("/zod/v4/locales/"))).toEqual([
        expect.stringMatching(/\/en\.js$/),
      ]);
    },
  );
});
