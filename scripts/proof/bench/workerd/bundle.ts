/** The scripts that run in workerd: the product as it is deployed, and what it is measured against. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { type Unstable_Config, unstable_readConfig } from "wrangler";
import { ROOT } from "../../../lib/paths.ts";
import type { WorkerConfig } from "./config.ts";

/** The deployment that takes test-mode events. Its code is production's. */
const ENVIRONMENT = "staging";
const WRANGLER = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
const QUIET = { WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error" };

/** What `wrangler deploy` would upload, minified or not as wrangler.toml has it. */
export async function productScript(folder: string): Promise<string> {
  const outdir = join(folder, "product-bundle");
  await promisify(execFile)(
    process.execPath,
    [WRANGLER, "deploy", "--dry-run", "--env", ENVIRONMENT, "--outdir", outdir],
    { cwd: ROOT, env: { ...process.env, ...QUIET } },
  );
  return readFile(join(outdir, "index.js"), "utf8");
}

/** The product's settings as they are deployed, and on top of them what a deployment keeps secret. */
export function productConfig(secrets: Readonly<Record<string, string>>): WorkerConfig {
  const { vars, durable_objects } = deployedConfig();
  const settings = Object.entries(vars).map(([name, value]) => [name, String(value)]);
  const objects = durable_objects.bindings.map(({ name, class_name }) => [name, class_name]);
  return {
    compatibilityDate: compatibilityDate(),
    texts: { ...Object.fromEntries(settings), ...secrets },
    objects: Object.fromEntries(objects),
  };
}

export function compatibilityDate(): string {
  return deployedConfig().compatibility_date ?? "";
}

function deployedConfig(): Unstable_Config {
  return unstable_readConfig(
    { config: join(ROOT, "wrangler.toml"), env: ENVIRONMENT },
    { hideWarnings: true },
  );
}

/** One of the Workers in `scripts/proof/bench/workers`, bundled as wrangler bundles the product. */
export async function benchScript(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [resolve(import.meta.dirname, "..", "workers", `${name}.ts`)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}
