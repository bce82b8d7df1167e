/** The sandbox ledger, started on a port of its own. */
import { startSandbox } from "./started-sandbox.ts";

export const LEDGER_KEY = "key-of-the-sandbox-ledger";

export interface StartedLedger {
  readonly url: URL;
  readonly dispose: () => Promise<void>;
}

export async function startSandboxLedger(mode: "as-is" | "atomic"): Promise<StartedLedger> {
  const worker = await startSandbox("ledger", {
    LEDGER_ADMIN_KEY: LEDGER_KEY,
    LEDGER_MODE: mode,
    // Long enough for others to come in between two statements.
    LEDGER_STATEMENT_GAP_MS: "1",
  });
  return { url: await worker.url, dispose: () => worker.dispose() };
}
