/**
 * Hostile JSON, made from sound JSON: a few places of it are taken away, doubled, or hold what nobody expects
 * there. Random bytes alone would never come past the first check.
 */
import * as fc from "fast-check";
import { utf8 } from "../../../src/bytes.ts";

const LONG = 200_000;
const DEEP = 20_000;

/** By name, so that a failing input can be read. Values as they stand in JSON; some are none. */
const FRAGMENTS: Readonly<Record<string, string>> = {
  "a long text": `"${"a".repeat(LONG)}"`,
  "a long text of two-byte letters": `"${"ж".repeat(LONG)}"`,
  // As large as a body may be, and twice as large once it is stored: one
  // letter makes all of them two bytes wide.
  "the longest text": `"ж${"a".repeat(1_045_000)}"`,
  "300 letters": `"${"x".repeat(300)}"`,
  "deep arrays": "[".repeat(DEEP) + "]".repeat(DEEP),
  "deep objects": `${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)}`,
  "a long array": `[${"0,".repeat(LONG)}0]`,
  "many keys": `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":${i}`).join(",")}}`,
  "a long number": "9".repeat(400),
  "a raw line break": '"a\nb"',
};

const ODD = [
  ["null", "true", "false", "0", "-0", "-1", "1", "1.5", "1e400", "-1e400", "1e-400", "1e21"],
  ["9007199254740991", "9007199254740992", "9007199254740993", "253402300800", "8640000000000001"],
  [
    '""',
    '" "',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00x"',
    '"\\u202e"',
    '"\\r\\nSet-Cookie: a=b"',
    '"0"',
    '"-1"',
  ],
  ['"__proto__"', '"constructor"', '"<script>alert(1)</script>"', `"' OR 1=1 --"`, '"../.."', '"%00"'],
  [
    '"usd"',
    '"u\u017fd"',
    '"evt_"',
    '"evt_1"',
    '"pi_1"',
    '"."',
    '"v1.x"',
    '"payout.paid"',
    '"charge.refunded"',
  ],
  ["[]", "{}", "[null]", '{"id":{}}', '{"id":"pi_2"}', '{"__proto__":{"account_id":"acct_9"}}'],
  ['{"toString":1,"constructor":2,"hasOwnProperty":3}', '{"length":-1}', '{"account_id":["acct_9"]}'],
  // No JSON at all.
  ["NaN", "undefined", "01", ".5", "'x'", '"\\x"', "", "/**/1", "1,", "}", "]"],
].flat();

/** The name of a fragment, or JSON itself. */
const fragment = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ODD) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(FRAGMENTS)) },
  { weight: 2, arbitrary: fc.json() },
);

export interface Mutation {
  /** Keys joined by dots; "" is the whole. */
  readonly at: string;
  /** `beside`: one more key in the object that stands there. */
  readonly how: "set" | "drop" | "first of two" | "last of two" | "beside";
  readonly value: string;
}

/** `places`: where it is worth while. */
export function mutationsAt(places: readonly string[], most = 3): fc.Arbitrary<Mutation[]> {
  const mutation = fc.record({
    at: fc.constantFrom(...places),
    how: fc.oneof(
      { weight: 5, arbitrary: fc.constant("set" as const) },
      { weight: 3, arbitrary: fc.constantFrom("drop", "first of two", "last of two", "beside") },
    ),
    value: fragment,
  });
  return fc.array(mutation, { maxLength: most });
}

export function hostileJson(value: unknown, mutations: readonly Mutation[]): string {
  const byPlace = new Map(mutations.map((mutation) => [mutation.at, mutation]));
  const whole = byPlace.get("");
  return whole?.how === "set" ? textOf(whole) : write(value, "", byPlace);
}

function textOf({ value }: Mutation): string {
  return FRAGMENTS[value] ?? value;
}

function write(value: unknown, at: string, mutations: ReadonlyMap<string, Mutation>): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const placeOf = (key: string) => (at === "" ? key : `${at}.${key}`);
  if (Array.isArray(value)) {
    return `[${value.map((item, i) => write(item, placeOf(String(i)), mutations)).join()}]`;
  }
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  const texts = entries.flatMap(([key, field]) => {
    const place = placeOf(key);
    const name = JSON.stringify(key);
    const sound = `${name}:${write(field, place, mutations)}`;
    const mutation = mutations.get(place);
    if (mutation === undefined || mutation.how === "beside") return [sound];
    const spoiled = `${name}:${textOf(mutation)}`;
    const variants = {
      set: [spoiled],
      drop: [],
      "first of two": [spoiled, sound],
      "last of two": [sound, spoiled],
    };
    return variants[mutation.how];
  });
  const here = mutations.get(at);
  if (here?.how === "beside") texts.push(`"__proto__":${textOf(here)}`, `"unheard_of":${textOf(here)}`);
  return `{${texts.join()}}`;
}

const BYTES: Readonly<Record<string, readonly number[]>> = {
  "no UTF-8": [0xff],
  "an overlong zero": [0xc0, 0x80],
  "half a surrogate pair": [0xed, 0xa0, 0x80],
  "a zero": [0],
  "a byte order mark": [0xef, 0xbb, 0xbf],
  "a quote": [0x22],
};

export type Damage =
  | { readonly how: "none" }
  | { readonly how: "cut"; readonly at: number }
  | { readonly how: "insert"; readonly at: number; readonly what: string }
  | { readonly how: "UTF-16" }
  | { readonly how: "twice" };

/** `at` is a share of the whole. Mostly there is none. */
export const damageArb: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ how: "none" } as const) },
  {
    weight: 3,
    arbitrary: fc.record({
      how: fc.constant("insert" as const),
      at: fc.constantFrom(0, 0.01, 0.3, 0.7, 1),
      what: fc.constantFrom(...Object.keys(BYTES)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      how: fc.constant("cut" as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ how: "UTF-16" } as const, { how: "twice" } as const) },
);

export function damaged(text: string, damage: Damage): Uint8Array<ArrayBuffer> {
  const bytes = utf8(text);
  switch (damage.how) {
    case "none":
      return bytes;
    case "cut":
      return bytes.slice(0, Math.floor(bytes.length * damage.at));
    case "insert":
      return withInserted(bytes, Math.floor(bytes.length * damage.at), BYTES[damage.what] ?? []);
    case "UTF-16":
      return new Uint8Array(Uint16Array.from(text, (letter) => letter.charCodeAt(0)).buffer);
    case "twice":
      return utf8(text + text);
  }
}

function withInserted(bytes: Uint8Array, at: number, inserted: readonly number[]): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(bytes.length + inserted.length);
  longer.set(bytes.subarray(0, at));
  longer.set(inserted, at);
  longer.set(bytes.subarray(at), at + inserted.length);
  return longer;
}
