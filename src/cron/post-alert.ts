/** Sends one alert: a JSON POST with a `text`, as chat tools accept it. */
import { errorName } from "../error-name.ts";
import { log } from "../log.ts";

/** Chat tools answer within a second. */
const POST_TIMEOUT_MS = 10_000;

export type AlertCase = "failures" | "open_age" | "behind" | "findings";

/**
 * True when it was accepted. Never throws; the URL is a secret, so nothing of
 * it is logged, nor an error's message.
 */
export async function postAlert(url: string, about: AlertCase, text: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text }),
      // A redirect would send what only operators should read to somebody else.
      redirect: "manual",
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    });
    response.body?.cancel().catch(() => undefined);
    log(response.ok ? "info" : "error", { msg: "alert", about, told: response.ok, status: response.status });
    return response.ok;
  } catch (error) {
    log("error", { msg: "alert", about, told: false, status: null, error: errorName(error) });
    return false;
  }
}
