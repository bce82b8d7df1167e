/** Operators' keys: who may read, and who may repair. */
import { equalInConstantTime, sha256, utf8 } from "../bytes.ts";
import { type OperatorKeys, operatorKeys } from "../config.ts";
import type { Failure } from "../errors.ts";
import { logSampled } from "../log.ts";
import { fail } from "./respond.ts";

export type Role = "admin" | "read";

const SAFE_METHODS = new Set(["GET", "HEAD"]);

/**
 * Null when the request may go on. The admin key opens everything, the read key only what changes nothing.
 * Fails closed: without a usable key every request is refused, and the answer names the key to set.
 */
export async function refuseOperator(request: Request, env: object): Promise<Failure | null> {
  const keys = operatorKeys(env);
  const { missing, invalid } = keys;
  if (!hasKey(keys)) return { kind: "dependency_not_configured", missing, invalid };
  const role = await roleOf(bearerOf(request), keys);
  if (role === null) return { kind: "unauthorized" };
  return role === "read" && !SAFE_METHODS.has(request.method) ? { kind: "forbidden" } : null;
}

/**
 * The answer to a request that {@link refuseOperator} refuses. It is logged, so that guessing of keys is
 * visible.
 */
export function refusedOperator(requestId: string, refusal: Failure): Response {
  logSampled(
    "warn",
    { msg: "operator_refused", request_id: requestId, refusal: refusal.kind },
    Math.random(),
  );
  return fail(requestId, refusal);
}

export function hasKey({ adminKey, readKey }: OperatorKeys): boolean {
  return adminKey !== null || readKey !== null;
}

function bearerOf(request: Request): string {
  const match = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "");
  return match?.[1] ?? "";
}

/**
 * Null: no configured key. Both keys are always compared, so that the time taken does not reveal which of
 * them matched.
 */
export async function roleOf(given: string, { adminKey, readKey }: OperatorKeys): Promise<Role | null> {
  const digest = await digestOf(given);
  const isAdmin = adminKey !== null && equalInConstantTime(digest, await digestOf(adminKey));
  const isReader = readKey !== null && equalInConstantTime(digest, await digestOf(readKey));
  if (given === "") return null;
  if (isAdmin) return "admin";
  return isReader ? "read" : null;
}

/** Digests are of one length, so that the comparison does not reveal the keys' lengths either. */
function digestOf(text: string): Promise<Uint8Array> {
  return sha256(utf8(text));
}
