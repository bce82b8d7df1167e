/**
 * Who is signed in: a signed cookie, and nothing on our side.
 *
 * The cookie holds what an operator may do, signed with a key that is derived from the operator key of the
 * sign-in: so rotating that key ends its sessions, at once and without a list of them. The price is that
 * nothing else does before they expire; a sign-out only makes one browser forget.
 */
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import { z } from "zod";
import { toHex, utf8 } from "../bytes.ts";
import { operatorKeys } from "../config.ts";
import type { Role } from "../http/auth.ts";
import { isLoopback } from "../loopback.ts";

/** A working day: the console shows money, and browsers are left open. */
const SESSION_MS = 8 * 3_600_000;
const COOKIE = "clawsettle";
/** What the derived keys are for, so that they can never mean anything else. */
const PURPOSE = utf8("clawsettle console session 1");

const sessionSchema = z.strictObject({
  /** A cookie of another version is none: whoever has one signs in again. */
  v: z.literal(1),
  role: z.enum(["admin", "read"]),
  /** The name given at the sign-in: kept with each act. */
  actor: z.string().min(1),
  /** A hidden field of every form; no other site's page can read it. */
  csrf: z.string().min(1),
  /** Epoch milliseconds. */
  expires_at: z.int(),
});

export type Session = Readonly<z.infer<typeof sessionSchema>>;

/** Of any route, whatever its variables. */
export type SessionContext = Context;

export async function startSession(c: SessionContext, role: Role, actor: string, now: number): Promise<void> {
  const secrets = await secretsOf(c.env);
  const secret = secrets[role];
  if (secret === null) return;
  const session: Session = { v: 1, role, actor, csrf: newToken(), expires_at: now + SESSION_MS };
  await setSignedCookie(c, COOKIE, JSON.stringify(session), secret, {
    ...placeOf(c),
    httpOnly: true,
    sameSite: "Strict",
    maxAge: SESSION_MS / 1_000,
  });
}

/** Null: not signed in, or no longer. */
export async function readSession(c: SessionContext, now: number): Promise<Session | null> {
  const secrets = await secretsOf(c.env);
  for (const role of ["admin", "read"] as const) {
    const secret = secrets[role];
    if (secret === null) continue;
    const text = await getSignedCookie(c, secret, COOKIE, isLocal(c) ? undefined : "host");
    const session = typeof text === "string" ? parse(text) : null;
    // The signature proves the holder of this role's key: who has one key must not make a session of the
    // other role.
    if (session?.role === role && session.expires_at > now) return session;
  }
  return null;
}

export function endSession(c: SessionContext): void {
  deleteCookie(c, COOKIE, placeOf(c));
}

/**
 * `__Host-` and Secure, but for plain HTTP to this machine itself, where not every browser keeps such
 * cookies. Over plain HTTP to any other host no browser keeps it, so that signing in is impossible there.
 */
function placeOf(c: SessionContext) {
  return isLocal(c) ? { path: "/" } : ({ path: "/", secure: true, prefix: "host" } as const);
}

function isLocal(c: SessionContext): boolean {
  const { protocol, hostname } = new URL(c.req.url);
  return protocol === "http:" && isLoopback(hostname);
}

/** 128 random bits: a UUID has six fewer (OWASP ASVS 5.0, 11.5.1). */
function newToken(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}

function parse(text: string): Session | null {
  try {
    return sessionSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function secretsOf(env: Env): Promise<Record<Role, ArrayBuffer | null>> {
  const { adminKey, readKey } = operatorKeys(env);
  const [admin, read] = await Promise.all([derive(adminKey), derive(readKey)]);
  return { admin, read };
}

async function derive(operatorKey: string | null): Promise<ArrayBuffer | null> {
  if (operatorKey === null) return null;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8(operatorKey), algorithm, false, ["sign"]);
  return crypto.subtle.sign("HMAC", key, PURPOSE);
}
