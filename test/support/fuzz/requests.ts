/** Requests that no sound client sends: odd methods, paths, headers and bodies. */
import * as fc from "fast-check";
import { env } from "cloudflare:workers";
import { brokenBody } from "../broken-body.ts";
import { type Damage, damageArb, damaged, hostileJson, type Mutation, mutationsAt } from "./hostile-json.ts";

export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY"];

/** What proxies and frameworks read, and this service must not. */
export const CONFUSING_HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  { "x-http-method-override": "POST" },
  { "x-http-method-override": "GET", "x-method-override": "GET" },
  { "x-original-url": "/health", "x-rewrite-url": "/health" },
  { "x-forwarded-host": "127.0.0.1", "x-forwarded-proto": "http", "x-forwarded-for": "127.0.0.1" },
  { "x-request-id": "<script>", "x-forwarded-prefix": "/console" },
  { "transfer-encoding": "chunked", "content-length": "5" },
  { "content-length": "-1" },
  { "content-length": "99999999999999999999" },
  { "content-type": "application/json; charset=utf-7", "content-encoding": "gzip" },
  { accept: "text/html", "accept-encoding": "*;q=0", range: "bytes=0-0", "if-none-match": "*" },
  { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "0" },
  { upgrade: "h2c", "http2-settings": "AAMAAABkAAQAAP__" },
  { origin: "https://clawsettle.test", "sec-fetch-site": "same-origin", cookie: "__Host-clawsettle=%7B%7D" },
];

/** A path's letters, doubled, encoded, or otherwise spelled. */
export const RESPELLINGS: Readonly<Record<string, (path: string) => string>> = {
  "as it is": (path) => path,
  "a slash at the end": (path) => `${path}/`,
  "a dot at the end": (path) => `${path}/.`,
  "doubled slashes": (path) => path.replaceAll("/", "//"),
  "encoded letters": (path) => path.replaceAll("e", "%65"),
  "encoded slashes": (path) => path.replace(/(?<=.)\//g, "%2F"),
  "encoded twice": (path) => path.replaceAll("e", "%2565"),
  "broken encoding": (path) => `${path}%`,
  "no UTF-8": (path) => `${path}%ff`,
  "a zero": (path) => `${path}%00`,
  capitals: (path) => path.toUpperCase(),
  backslashes: (path) => path.replaceAll("/", "\\"),
  "a way up": (path) => `/health/..${path}`,
  "an encoded way up": (path) => `/health/%2e%2e${path}`,
  "a matrix parameter": (path) => `${path};a=b`,
  "a query": (path) => `${path}?a=1&a=2&__proto__=x&%zz=%`,
  "a fragment": (path) => `${path}#/../health`,
  "a long tail": (path) => `${path}/${"x".repeat(4_000)}`,
};

const ODD_IDS = [
  ["evt_", "evt_%", "evt_%ff", "evt_1%00", "evt_1%0a", "evt_1%2f..", ".", "..", "%2e%2e", "__proto__"],
  ["constructor", "evt_1?x=1", "evt_1;a=b", `evt_${"x".repeat(250)}`, `evt_${"x".repeat(251)}`],
  ["evt_%F0%9F%92%B8", "EVT_1", "evt_1 ", "%20evt_1", "pi_1", "evt_<script>", "retry", "watch"],
].flat();

/** Ids in a path, sound ones among them. */
export const idArb = (sound: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...sound) },
    { weight: 2, arbitrary: fc.constantFrom(...ODD_IDS) },
    { weight: 1, arbitrary: fc.string().map((text) => encodeURIComponent(text) || "%20") },
  );

export interface SpoiledBody {
  readonly mutations: readonly Mutation[];
  readonly damage: Damage;
  readonly how: "sent" | "empty" | "broken off" | "too long";
}

export function spoiledBodyArb(places: readonly string[]): fc.Arbitrary<SpoiledBody> {
  return fc.record({
    mutations: mutationsAt(places, 2),
    damage: damageArb,
    how: fc.oneof(
      { weight: 10, arbitrary: fc.constant("sent" as const) },
      { weight: 1, arbitrary: fc.constantFrom("empty", "broken off", "too long") },
    ),
  });
}

export function requestBody(sound: unknown, { mutations, damage, how }: SpoiledBody): BodyInit | null {
  switch (how) {
    case "sent":
      return damaged(hostileJson(sound, mutations), damage);
    case "empty":
      return null;
    case "broken off":
      return brokenBody();
    case "too long":
      return new Uint8Array(70_000).fill(0x20);
  }
}

/** A key, and what is no key for all that it looks like one. */
const KEY_RESPELLINGS: readonly ((key: string) => string)[] = [
  (key) => key,
  (key) => `Bearer ${key.slice(0, -1)}`,
  (key) => `Bearer ${key}x`,
  (key) => `Bearer ${key.toUpperCase()}`,
  (key) => `Bearer "${key}"`,
  (key) => `Bearer ${key} ${key}`,
  (key) => `Bearer ${key},${key}`,
  (key) => `Basic ${btoa(`admin:${key}`)}`,
  (key) => `Token ${key}`,
  (key) => `Bearer: ${key}`,
  (key) => `Bearer=${key}`,
  (key) => `Bearer\t${key}`,
  (key) => `Bearer${key}`,
  (key) => `Bearer ${key.replace("-", "%2d")}`,
  (key) => `Bearer ${btoa(key)}`,
];

/** What stands in `Authorization` and opens nothing. */
export const spoiledKeyArb: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...KEY_RESPELLINGS), fc.constantFrom(env.SETTLE_ADMIN_KEY, "test-settle-read-key"))
    .map(([respell, key]) => respell(key)),
  fc.constantFrom(
    "",
    "Bearer",
    "Bearer ",
    "Bearer undefined",
    "Bearer null",
    `Bearer ${env.LEDGER_ADMIN_KEY}`,
  ),
  fc.constant(`Bearer ${"a".repeat(16_000)}`),
  fc.string({ unit: "grapheme-ascii" }).map((text) => `Bearer ${text}`),
);
