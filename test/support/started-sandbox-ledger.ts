/** The sandbox ledger, started on a port of its own. */
import { unstable_startWorker } from "wrangler";

export const LEDGER_KEY = "key-of-the-sandbox-ledger";

export interface StartedLedger {
  readonly url: URL;
  readonly dispose: () => Promise<void>;
}

export async function startSandboxLedger(mode: "as-is" | "atomic"): Promise<StartedLedger> {
  // Wrangler would otherwise report its use, and ask Cloudflare where we are.
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  const worker = await unstable_startWorker({
    config: "scripts/sandbox/ledger/wrangler.toml",
    envFiles: [],
    bindings: {
      LEDGER_ADMIN_KEY: { type: "plain_text", value: LEDGER_KEY },
      LEDGER_MODE: { type: "plain_text", value: mode },
      // Long enough for others to come in between two statements.
      LEDGER_STATEMENT_GAP_MS: { type: "plain_text", value: "1" },
    },
    dev: { server: { hostname: "127.0.0.1", port: 0 }, inspector: false, persist: false, logLevel: "none" },
  });
  return { url: await worker.url, dispose: () => worker.dispose() };
}
