/** A sandbox's Worker on the local runtime and a free port, from nothing but its code and these bindings. */
import { unstable_startWorker } from "wrangler";

/**
 * There is no such file. A name that is given keeps wrangler from reading
 * the developer's `.dev.vars` and `.env`.
 */
const NO_ENV_FILE = ".env.none";

type StartedWorker = Awaited<ReturnType<typeof unstable_startWorker>>;

export function startSandbox(
  name: "ledger" | "stripe",
  texts: Readonly<Record<string, string>>,
): Promise<StartedWorker> {
  // Wrangler would otherwise report its use, and ask Cloudflare where we are.
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  return unstable_startWorker({
    config: `scripts/sandbox/${name}/wrangler.toml`,
    // The file's top level, whatever CLOUDFLARE_ENV says.
    env: "",
    envFiles: [NO_ENV_FILE],
    bindings: Object.fromEntries(
      Object.entries(texts).map(([text, value]) => [text, { type: "plain_text" as const, value }]),
    ),
    dev: { server: { hostname: "127.0.0.1", port: 0 }, inspector: false, persist: false, logLevel: "none" },
  });
}
