import { randomBytes } from "node:crypto";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { PlainError } from "../../lib/failure.ts";
import { DEV_VARS_FILE, shownPath } from "../../lib/paths.ts";

export const SECRET_NAMES = [
  "STRIPE_WEBHOOK_SIGNING_SECRET",
  "LEDGER_ADMIN_KEY",
  "SETTLE_ADMIN_KEY",
] as const;
export type SecretName = (typeof SECRET_NAMES)[number];
export type Secrets = Readonly<Record<SecretName, string>>;

/** All that `.dev.vars` holds: the secrets, and whatever optional settings a developer added. */
export type DevVars = Secrets & Readonly<Record<string, string>>;

/**
 * What could be guessed: as clawsettle refuses it in production, and a
 * local stack may be reachable by others.
 */
const MIN_LENGTH = 20;
const SIGNING_SECRET = /^whsec_.{24,}$/;

/** Fresh random secrets. They open nothing but a local stack. */
export function createDevVars(): DevVars {
  return {
    STRIPE_WEBHOOK_SIGNING_SECRET: `whsec_${randomKey()}`,
    LEDGER_ADMIN_KEY: randomKey(),
    SETTLE_ADMIN_KEY: randomKey(),
    SETTLE_READ_KEY: randomKey(),
    STRIPE_API_KEY: sandboxStripeKey(),
  };
}

/**
 * Reads the file, or makes it when there is none. One that is incomplete, or has secrets that could be
 * guessed, is the developer's to repair: it is never overwritten. But the key of the sandbox Stripe, which
 * opens nothing else, is added where it is missing.
 */
export async function loadOrCreateDevVars(
  file = DEV_VARS_FILE,
): Promise<{ vars: DevVars; created: boolean; completed: boolean }> {
  const found = await readDevVars(file);
  if (found === null) {
    const vars = createDevVars();
    const lines = Object.entries(vars).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(file, lines.join(""), { mode: 0o600, flag: "wx" });
    return { vars, created: true, completed: false };
  }
  const missing = SECRET_NAMES.filter((name) => !found[name]);
  if (missing.length > 0) {
    throw new PlainError(
      `${shownPath(file)} has no value for ${missing.join(", ")}. Add it, or delete the file to get fresh random secrets.`,
    );
  }
  const guessable = [...SECRET_NAMES, "SETTLE_READ_KEY"].filter((name) => isGuessable(name, found[name]));
  if (guessable.length > 0) {
    throw new PlainError(
      `${shownPath(file)}: ${guessable.join(", ")} could be guessed. A key needs ${MIN_LENGTH} characters or more, a signing secret is whsec_ and 24 or more. Replace it, or delete the file to get fresh random secrets.`,
    );
  }
  if (found["STRIPE_API_KEY"]) return { vars: found as DevVars, created: false, completed: false };
  const STRIPE_API_KEY = sandboxStripeKey();
  await appendFile(file, `\nSTRIPE_API_KEY=${STRIPE_API_KEY}\n`);
  return { vars: { ...(found as DevVars), STRIPE_API_KEY }, created: false, completed: true };
}

function isGuessable(name: string, value: string | undefined): boolean {
  if (value === undefined) return false;
  return name === "STRIPE_WEBHOOK_SIGNING_SECRET"
    ? value.split(",").some((each) => !SIGNING_SECRET.test(each.trim()))
    : value.length < MIN_LENGTH;
}

/** The variables of a `.dev.vars` file, empty ones left out; null when there is no such file. */
export async function readDevVars(file = DEV_VARS_FILE): Promise<Readonly<Record<string, string>> | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  const vars: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(text))) if (value) vars[name] = value;
  return vars;
}

/** From the environment, else from the file, if one is given; null where neither has it. */
export async function secretOf(name: string, file: string | null): Promise<string | null> {
  const given = process.env[name]?.trim();
  if (given || file === null) return given || null;
  return (await readDevVars(file))?.[name] ?? null;
}

/** Shaped like Stripe's, since a key's shape shows its mode. */
function sandboxStripeKey(): string {
  return `sk_test_${randomBytes(24).toString("hex")}`;
}

function randomKey(): string {
  return randomBytes(24).toString("base64url");
}
