/** Errors that no code expected. */
import { errorName } from "../error-name.ts";
import { log } from "../log.ts";
import { fail } from "./respond.ts";

/** The name only: a message may quote what it was given. */
export function logUncaught(requestId: string, error: unknown): void {
  log("error", { msg: "uncaught", request_id: requestId, error: errorName(error) });
}

export function uncaught(requestId: string, error: unknown): Response {
  logUncaught(requestId, error);
  return fail(requestId, { kind: "internal" });
}
