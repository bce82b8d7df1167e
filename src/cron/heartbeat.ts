/** One request to an outside monitor after each sweep: it notices when they stop, which the cron cannot. */
import { errorName } from "../error-name.ts";
import { log } from "../log.ts";

const TIMEOUT_MS = 5_000;

/** Never throws; the URL is a secret, so nothing of it is logged, nor an error's message. */
export async function sendHeartbeat(url: string): Promise<void> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    response.body?.cancel().catch(() => undefined);
    if (!response.ok) log("warn", { msg: "heartbeat_failed", status: response.status });
  } catch (error) {
    log("warn", { msg: "heartbeat_failed", status: null, error: errorName(error) });
  }
}
