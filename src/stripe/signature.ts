/**
 * The `Stripe-Signature` header: were exactly these bytes sent by a holder of a signing secret, and just now?
 *
 * Pure but for WebCrypto: no I/O, no clock. Never throws on anything that a client can send.
 * https://docs.stripe.com/webhooks/signature
 *
 * The `stripe` package is the model, and whatever it refuses is refused here. This is stricter where its
 * leniency helps nobody but a forger: a `t` that is not a plain number, a time in the future, text after a
 * signature. It differs in one more way: the package decodes the body to text first, this hashes the bytes
 * that came.
 */
import { equalInConstantTime, utf8 } from "../bytes.ts";

/**
 * A secret or two, and two more while they are being rolled. The bound only
 * keeps a mistake from growing memory.
 */
const KEY_CACHE_LIMIT = 16;
/** Seconds until the year 33658. Longer digits would lose precision on the way to a number. */
const TIMESTAMP = /^(?:0|[1-9][0-9]{0,11})$/;
/** Stripe writes lower case. Accepting both would give one signature many spellings. */
const SHA256_HEX = /^[0-9a-f]{64}$/;
const VISIBLE_ASCII = /^[ -~]*$/;

export interface HeaderPolicy {
  /**
   * Allowed on both sides of now. 0 means this very second, not (as in the `stripe` package) "do not check".
   */
  readonly toleranceSeconds: number;
  readonly nowMs: number;
}

/** A header that a body may verify by. */
export interface SignatureHeader {
  readonly kind: "header";
  readonly signedAtSeconds: number;
  /** At least one. */
  readonly signatures: readonly Uint8Array[];
}

export type SignatureCheck =
  | {
      readonly kind: "verified";
      /** The position of the secret that verified, for the record: never the secret. */
      readonly secretIndex: number;
      readonly signedAtSeconds: number;
    }
  | RefusedSignature;

export interface RefusedSignature {
  readonly kind: "refused";
  readonly why: SignatureRefusal;
}

export type SignatureRefusal =
  | "header_missing"
  | "header_malformed"
  /** Only other schemes, such as the `v0` of test-mode events, which is no proof. */
  | "v1_missing"
  | "timestamp_outside_tolerance"
  | "no_match";

/**
 * All that can be checked before the body is read, so that a request without a plausible header costs no
 * body. Linear in the header, whose size the platform bounds.
 */
export function checkHeader(
  header: string | null,
  { toleranceSeconds, nowMs }: HeaderPolicy,
): SignatureHeader | RefusedSignature {
  const parsed = parseHeader(header);
  if (parsed.kind === "refused") return parsed;
  const ageSeconds = Math.floor(nowMs / 1000) - parsed.signedAtSeconds;
  // "Not within", rather than "beyond": a NaN must refuse.
  if (!(Math.abs(ageSeconds) <= toleranceSeconds)) return refused("timestamp_outside_tolerance");
  return parsed.signatures.length === 0 ? refused("no_match") : parsed;
}

/**
 * Costs at most one HMAC per secret, however many signatures the header lists. `body`: the raw one, before
 * anything decoded it. `secrets`: one of them is enough, but a blank one never verifies, because everybody
 * knows it.
 */
export async function verifySignature(
  { signedAtSeconds, signatures }: SignatureHeader,
  body: Uint8Array,
  secrets: readonly string[],
): Promise<SignatureCheck> {
  for (const [secretIndex, secret] of secrets.entries()) {
    if (secret.trim() === "") continue;
    const key = keys.get(secret) ?? (await importKey(secret));
    const expected = await hmac(key, signedAtSeconds, body);
    if (signatures.some((signature) => equalInConstantTime(signature, expected))) {
      return { kind: "verified", secretIndex, signedAtSeconds };
    }
  }
  return refused("no_match");
}

function refused(why: SignatureRefusal): RefusedSignature {
  return { kind: "refused", why };
}

/**
 * As in the package: of several `t` the last counts, spaces are part of a name, unknown names are skipped.
 */
function parseHeader(header: string | null): SignatureHeader | RefusedSignature {
  if (header === null || header === "") return refused("header_missing");
  if (!VISIBLE_ASCII.test(header)) return refused("header_malformed");
  let timestamp = "";
  let v1Seen = false;
  const signatures: Uint8Array[] = [];
  for (const part of header.split(",")) {
    if (part.startsWith("t=")) timestamp = part.slice(2);
    else if (part === "t") timestamp = "";
    else if (part === "v1" || part === "v1=") return refused("header_malformed");
    else if (part.startsWith("v1=")) {
      v1Seen = true;
      const hex = part.slice(3);
      if (SHA256_HEX.test(hex)) signatures.push(bytesOfHex(hex));
    }
  }
  if (!TIMESTAMP.test(timestamp)) return refused("header_malformed");
  if (!v1Seen) return refused("v1_missing");
  return { kind: "header", signedAtSeconds: Number(timestamp), signatures };
}

function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = 16 * digitAt(hex, 2 * i) + digitAt(hex, 2 * i + 1);
  return bytes;
}

/**
 * For `0`–`9` and `a`–`f` only. By hand: `parseInt` on slices cost a
 * tenth of the whole check of a small body.
 */
function digitAt(hex: string, index: number): number {
  const code = hex.charCodeAt(index);
  return code < 0x3a ? code - 0x30 : code - 0x61 + 10;
}

/**
 * Where a body begins below. Processors copy to such an address ten times
 * as fast as to one between two words.
 */
const ALIGNED = 64;
/**
 * Bodies up to this size are joined to their time here. Larger ones, which Stripe
 * hardly sends, get a buffer of their own.
 */
const scratch = new Uint8Array(64 * 1024);

/**
 * HMAC-SHA-256 of `t.rawBody`, which needs one copy of the body: WebCrypto cannot hash in pieces. Synchronous
 * until the call of `sign`, which takes a copy of its own before it returns: so one buffer serves all
 * requests.
 */
async function hmac(key: CryptoKey, signedAtSeconds: number, body: Uint8Array): Promise<Uint8Array> {
  const prefix = utf8(`${signedAtSeconds}.`);
  const end = ALIGNED + body.length;
  const buffer = end <= scratch.length ? scratch : new Uint8Array(end);
  const signed = buffer.subarray(ALIGNED - prefix.length, end);
  signed.set(prefix);
  signed.set(body, prefix.length);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, signed));
}

/** Keys, not promises of keys: in workerd one request must not wait for a promise that belongs to another. */
const keys = new Map<string, CryptoKey>();

async function importKey(secret: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8(secret), algorithm, false, ["sign"]);
  if (keys.size >= KEY_CACHE_LIMIT) keys.clear();
  keys.set(secret, key);
  return key;
}
