/**
 * Named classes of signed deliveries, spoiled in one way each, and a generator of them. The seed is fixed.
 */
import { createHmac } from "node:crypto";

import type { SignatureRefusal } from "../../../../src/stripe/signature.ts";

export const TOLERANCE_SECONDS = 300;
export const RUNS_PER_CLASS = 60;
const random = mulberry32(20_261_117);
const LOTS = many(1_998, hex);

interface Case {
  readonly header: string;
  readonly body: Uint8Array;
}

/** One delivery, signed rightly. A class spoils it, or does something to it that must not matter. */
interface Signed extends Case {
  readonly secret: string;
  readonly nowMs: number;
  /** The time of signing, in seconds. */
  readonly t: number;
  readonly v1: string;
  readonly text: string;
}

export type Make = (signed: Signed) => Case | string;

/** The stripe package and clawsettle say the same. */
export const AGREED: Record<string, readonly ["verified" | "refused", Make]> = {
  "one v1": ["verified", (s) => s.header],
  "several v1, one of them right": ["verified", (s) => header(s.t, shuffled([s.v1, hex(), hex(), hex()]))],
  "several v1, none of them right": ["refused", (s) => header(s.t, [hex(), hex(), hex()])],
  "2,000 v1, the last one right": ["verified", (s) => header(s.t, [...LOTS, hex(), s.v1])],
  "2,000 v1, none of them right": ["refused", (s) => header(s.t, [...LOTS, hex(), hex()])],
  "the same v1 twice": ["verified", (s) => header(s.t, [s.v1, s.v1])],
  "v1 and v0": ["verified", (s) => `${s.header},v0=${hex()}`],
  "v0 only": ["refused", (s) => `t=${s.t},v0=${s.v1}`],
  "another scheme only": ["refused", (s) => `t=${s.t},v2=${s.v1}`],
  "upper-case name": ["refused", (s) => `t=${s.t},V1=${s.v1}`],
  "upper-case hex": ["refused", (s) => header(s.t, [withLetter(s.v1).toUpperCase()])],
  "not hex": ["refused", (s) => header(s.t, [`g${s.v1.slice(1)}`])],
  "not hex, beside a right one": ["verified", (s) => header(s.t, [`zz${s.v1.slice(2)}`, s.v1])],
  "base64 instead of hex": ["refused", (s) => header(s.t, [Buffer.from(s.v1, "hex").toString("base64")])],
  "too short": ["refused", (s) => header(s.t, [s.v1.slice(0, pick(64))])],
  "too long": ["refused", (s) => header(s.t, [`${s.v1}${hex().slice(0, 1 + pick(64))}`])],
  "one digit changed": ["refused", (s) => header(s.t, [flipDigit(s.v1)])],
  "an empty v1 beside a right one": ["refused", (s) => `${s.header},v1=`],
  "a bare v1 beside a right one": ["refused", (s) => `v1,${s.header}`],
  "signature before time": ["verified", (s) => `v1=${s.v1},t=${s.t}`],
  "t twice, the last one signed": ["verified", (s) => `t=${s.t - 1 - pick(50)},${s.header}`],
  "t twice, the first one signed": ["refused", (s) => `${s.header},t=${s.t - 1 - pick(50)}`],
  "t twice, the last one bare": ["refused", (s) => `${s.header},t`],
  "unknown names": ["verified", (s) => `a=1,${s.header},tt=5,v10=${hex()},=`],
  "empty parts": ["verified", (s) => `,,t=${s.t},,,v1=${s.v1},`],
  "a space before v1": ["refused", (s) => `t=${s.t}, v1=${s.v1}`],
  "a space before t": ["refused", (s) => ` t=${s.t},v1=${s.v1}`],
  "a space after v1": ["refused", (s) => `t=${s.t},v1=${s.v1} `],
  "a huge unknown part": ["verified", (s) => `${s.header},x=${"y".repeat(100_000)}`],
  "semicolons for commas": ["refused", (s) => s.header.replaceAll(",", ";")],
  "no t": ["refused", (s) => `v1=${s.v1}`],
  "an empty t": ["refused", (s) => `t=,v1=${hmac(s.secret, `.${s.text}`)}`],
  "t in letters": ["refused", (s) => resigned(s, "now")],
  "t negative": ["refused", (s) => resigned(s, `-${s.t}`)],
  "t with an exponent": ["refused", (s) => resigned(s, `${s.t / 1e9}e9`)],
  "nothing at all": ["refused", () => ""],
  noise: ["refused", () => many(pick(20), () => String.fromCharCode(32 + pick(95))).join("") || "-"],
  "as old as is allowed": ["verified", (s) => at(s, -TOLERANCE_SECONDS)],
  "a second older than is allowed": ["refused", (s) => at(s, -TOLERANCE_SECONDS - 1)],
  "much older": ["refused", (s) => at(s, -TOLERANCE_SECONDS - 1 - pick(1e9))],
  "as far in the future as is allowed": ["verified", (s) => at(s, TOLERANCE_SECONDS)],
  "another time than the signed one": ["refused", (s) => header(s.t - 1, [s.v1])],
  "a stranger's secret": ["refused", (s) => header(s.t, [hmac(`whsec_${hex()}`, `${s.t}.${s.text}`)])],
  "a body with one byte changed": ["refused", (s) => ({ ...s, body: flipByte(s.body) })],
  "a body with a byte more": ["refused", (s) => ({ ...s, body: bytes(`${s.text} `) })],
  "an empty body": ["verified", (s) => signedBody(s, new Uint8Array())],
  "a body beyond ASCII": ["verified", (s) => signedBody(s, bytes('{"name":"Zoë 🦞"}'))],
};

/** The stripe package verifies them, clawsettle refuses. */
export const STRICTER: Record<string, readonly [SignatureRefusal, Make]> = {
  "a second too far in the future": ["timestamp_outside_tolerance", (s) => at(s, TOLERANCE_SECONDS + 1)],
  "far in the future": ["timestamp_outside_tolerance", (s) => at(s, TOLERANCE_SECONDS + 1 + pick(1e9))],
  "t in milliseconds": ["header_malformed", (s) => resigned(s, `${s.t}000`)],
  "t with leading zeros": ["header_malformed", (s) => `t=0${s.t},v1=${s.v1}`],
  "t with a plus": ["header_malformed", (s) => `t=+${s.t},v1=${s.v1}`],
  "t with a space": ["header_malformed", (s) => `t= ${s.t},v1=${s.v1}`],
  "t with a fraction": ["header_malformed", (s) => `t=${s.t}.5,v1=${s.v1}`],
  "t with text behind": ["header_malformed", (s) => `t=${s.t}abc,v1=${s.v1}`],
  "t with a second value": ["header_malformed", (s) => `t=${s.t}=1,v1=${s.v1}`],
  "t not a number, and NaN signed": ["header_malformed", (s) => `t=x,v1=${hmac(s.secret, `NaN.${s.text}`)}`],
  "text after a right signature": ["no_match", (s) => `t=${s.t},v1=${s.v1}=${hex()}`],
  "a letter beyond ASCII": ["header_malformed", (s) => `${s.header},x=é`],
};

/**
 * The package decodes the body to text and hashes that, so it loses bytes;
 * Stripe signs bytes, and so does this.
 */
export const BYTES: Record<string, readonly ["verified" | "refused", Make]> = {
  "not UTF-8, its bytes signed": ["verified", (s) => signedBody(s, notUtf8())],
  "not UTF-8, its decoded text signed": [
    "refused",
    (s) => {
      const body = notUtf8();
      return { header: header(s.t, [hmac(s.secret, `${s.t}.${new TextDecoder().decode(body)}`)]), body };
    },
  ],
  "with a byte order mark, which is signed": ["verified", (s) => signedBody(s, bytes(`\uFEFF${s.text}`))],
};

export interface Run extends Signed {
  /** One to three, of which one signed. */
  readonly secrets: readonly string[];
}

export function* runs(make: Make, count = RUNS_PER_CLASS): Generator<Run> {
  for (let i = 0; i < count; i++) {
    const nowMs = 1_700_000_000_000 + pick(2e11);
    const t = Math.floor(nowMs / 1000) - pick(TOLERANCE_SECONDS);
    const secret = `whsec_${hex()}`;
    const text = JSON.stringify({
      id: `evt_${hex().slice(0, 24)}`,
      amount: pick(1e6),
      pad: "x".repeat(pick(200)),
    });
    const v1 = hmac(secret, `${t}.${text}`);
    const signed: Signed = { secret, nowMs, t, v1, text, header: header(t, [v1]), body: bytes(text) };
    const made = make(signed);
    const secrets = shuffled([secret, ...many(pick(3), () => `whsec_${hex()}`)]);
    yield { ...signed, secrets, ...(typeof made === "string" ? { header: made } : { ...made }) };
  }
}

function header(t: number, signatures: readonly string[]): string {
  return [`t=${t}`, ...signatures.map((signature) => `v1=${signature}`)].join(",");
}

/** Signed at another time than now, counted from the moment at which it is checked. */
function at(signed: Signed, offsetSeconds: number): string {
  return resigned(signed, String(Math.floor(signed.nowMs / 1000) + offsetSeconds));
}

function resigned(signed: Signed, t: string): string {
  return `t=${t},v1=${hmac(signed.secret, `${t}.${signed.text}`)}`;
}

function signedBody(signed: Signed, body: Uint8Array): Case {
  return {
    header: header(signed.t, [hmac(signed.secret, Buffer.concat([bytes(`${signed.t}.`), body]))]),
    body,
  };
}

function hmac(secret: string, content: string | Uint8Array): string {
  return createHmac("sha256", secret).update(content).digest("hex");
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function notUtf8(): Uint8Array {
  return Uint8Array.of(0x7b, 0xff, pick(128), 0xc3, 0x28, pick(128), 0x7d);
}

function flipByte(body: Uint8Array): Uint8Array {
  const copy = body.slice();
  copy[pick(copy.length)]! ^= 1;
  return copy;
}

function flipDigit(signature: string): string {
  const i = pick(64);
  return (
    signature.slice(0, i) + (Number.parseInt(signature[i]!, 16) ^ 1).toString(16) + signature.slice(i + 1)
  );
}

/** A digest without any letter has no upper case, and would be verified. */
function withLetter(signature: string): string {
  return /[a-f]/.test(signature) ? signature : "a".repeat(64);
}

export function mutated(text: string): string {
  let result = text;
  for (let n = 1 + pick(3); n > 0; n--) {
    const i = pick(result.length + 1);
    const inserted = pick(3) === 0 ? "" : "=,t v10aF.-"[pick(11)]!;
    result = result.slice(0, i) + inserted + result.slice(i + pick(2));
  }
  return result;
}

function hex(): string {
  return many(8, () =>
    pick(2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
}

function many<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

function pick(below: number): number {
  return Math.floor(random() * below);
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
