/**
 * Rules for `src/`, checked on the syntax tree: comments and texts cannot set them off, and a rename cannot
 * evade them. Each file is checked by itself and, where it must be pure, with everything that it loads.
 */
import { IMPURE_FILES } from "./impure-files.ts";
import { type Facts, factsOf } from "./source-facts.ts";

/** Path below the repository → source. */
export type Sources = Readonly<Record<string, string>>;

export interface Violation {
  readonly path: string;
  readonly rule: string;
  readonly what: string;
}

export const MAX_LINES = 220;

/**
 * From top to bottom: each file or folder imports from its own layer and from those below, types included.
 */
export const LAYERS = [
  "index.ts",
  "app.ts",
  "console/",
  "http/",
  "operators/",
  "cron/",
  "readiness.ts",
  "reconciler/",
  "delivery/",
  "errors.ts",
  "event/",
  "event-index/",
  "attempt-points.ts",
  "ledger/",
  "stripe-api/",
  "settlement/",
  "stripe/",
  "stored-settings/",
  "config.ts",
  "settings.ts",
  "stored-version.ts",
  "durable-object/",
  "format-money.ts",
  "log.ts",
  "error-name.ts",
  "result.ts",
  "concurrently.ts",
  "event-id.ts",
  "wire-schemas.ts",
  "retry-after.ts",
  "loopback.ts",
  "bytes.ts",
];

const PLATFORM_MODULE = /^(cloudflare:|node:|partyserver|partysocket|hono)/;
const PLATFORM_NAME =
  /^(Env|DurableObject.*|ExecutionContext|ExportedHandler|KVNamespace|SqlStorage.*|SyncKvStorage)$/;
const IO_CALL = /^(fetch|\w+\.fetch|setTimeout|setInterval|scheduler\.wait)$/;
const CLOCK_OR_RANDOM = /^(Date\.now|performance\.now|Math\.random|crypto\.(randomUUID|getRandomValues))$/;
/** Where the names of bindings may be used, and which. */
const BINDINGS: Readonly<Record<string, RegExp>> = {
  "src/ledger/call-lane.ts": /^env\.ACCOUNT_LANE$/,
  "src/event/call-event.ts": /^env\.STRIPE_EVENT$/,
  "src/event-index/call-shards.ts": /^env\.EVENT_INDEX$/,
  "src/reconciler/call-reconciler.ts": /^env\.RECONCILER$/,
  "src/stored-settings/call-settings.ts": /^env\.STORED_SETTINGS$/,
};

export function violationsIn(sources: Sources): Violation[] {
  const facts = new Map(Object.entries(sources).map(([path, source]) => [path, factsOf(path, source)]));
  return Object.entries(sources).flatMap(([path, source]) => {
    const own = facts.get(path) as Facts;
    const found: [rule: string, what: string][] = [
      ...importRules(path, own),
      ...layerRules(path, own),
      ...environmentRules(path, own),
      ...stubRules(path, own),
      ...storageRules(path, own),
      ...operatorRules(path, own),
      ...purityRules(path, facts),
      ...lengthRule(source),
    ];
    return found.map(([rule, what]) => ({ path, rule, what }));
  });
}

type Found = [rule: string, what: string][];

/** Its place in {@link LAYERS}, or -1. */
function layerOf(path: string): number {
  return LAYERS.findIndex((layer) =>
    layer.endsWith("/") ? path.startsWith(`src/${layer}`) : path === `src/${layer}`,
  );
}

function layerRules(path: string, { imports }: Facts): Found {
  const own = layerOf(path);
  if (own < 0) return [["every file stands in a layer", path]];
  return imports
    .filter(({ target }) => target.startsWith("src/") && layerOf(target) < own)
    .map(({ target }) => ["no import runs upward", target]);
}

function importRules(path: string, { imports }: Facts): Found {
  const forbidden: [when: RegExp, target: RegExp, rule: string][] = [
    [/^src\//, /^(scripts|test)\//, "src imports neither scripts nor test"],
    [/^src\/event\//, /^src\/stripe\//, "event does not import stripe"],
    [/^src\/http\//, /^src\/ledger\//, "http never touches the ledger"],
    [/^src\/(?!stripe-api\/client\.ts$)/, /^stripe$/, "only stripe-api/client.ts loads Stripe's client"],
    [
      /^src\/stripe-api\//,
      /^src\/(?!stripe-api\/|retry-after\.ts$)/,
      "stripe-api imports nothing but its own",
    ],
    [/^src\/delivery\//, /^src\/(ledger|event-index)\//, "delivery only checks and hands over"],
    [
      /^src\/reconciler\/(?!run-ports\.ts$)/,
      /^src\/event-index\//,
      "reconciler asks the index through its ports alone",
    ],
    [/^src\/(?!console\/|app\.ts$)/, /^src\/console\//, "only app.ts imports the console"],
    [/^src\/(?!cron\/|index\.ts$)/, /^src\/cron\//, "only the entry imports the cron"],
    [/^src\/(?!config\.ts$)/, /^(node:)?process$/, "only config.ts reads the environment"],
  ];
  return imports.flatMap(({ target, names }) => [
    ...forbidden.flatMap(([when, what, rule]): Found => {
      return when.test(path) && what.test(target) ? [[rule, target]] : [];
    }),
    ...(target === "cloudflare:workers" && names.some((name) => name === "env" || name === "*")
      ? ([["only config.ts reads the environment", "env of cloudflare:workers"]] as Found)
      : []),
  ]);
}

function environmentRules(path: string, { members, calls }: Facts): Found {
  if (path === "src/config.ts") return [];
  const allowed = BINDINGS[path];
  const read = [...members].filter((member) => member.startsWith("env.") && allowed?.test(member) !== true);
  const taken = [...calls].filter((call) => /^Object\.\w+\(env\)$/.test(call));
  return [...read, ...taken].map((what) => ["only config.ts reads the environment", what]);
}

/** An object that is reached without its jurisdiction is another object. */
function stubRules(path: string, { calls }: Facts): Found {
  if (path === "src/durable-object/stub-by-name.ts") return [];
  return [...calls]
    .filter((call) => /\.(getByName|idFromName|idFromString|newUniqueId)$/.test(call))
    .map((what) => ["only stub-by-name.ts makes a stub", what]);
}

function storageRules(path: string, { members }: Facts): Found {
  if (!path.startsWith("src/http/")) return [];
  return [...members]
    .filter((member) => /\.storage$|^storage\./.test(member))
    .map((what) => ["http never touches storage", what]);
}

/** An operator's act has one form, whether it was requested over HTTP or on a page. */
function operatorRules(path: string, { names }: Facts): Found {
  if (!path.startsWith("src/operators/")) return [];
  return [...names]
    .filter((name) => /^(Request|Response|URL|URLSearchParams|Headers)$/.test(name))
    .map((what) => ["operators knows no request and no response", what]);
}

/** Of itself and of everything that it loads. What it imports as a type is not there when it runs. */
function purityRules(path: string, facts: ReadonlyMap<string, Facts>): Found {
  const found = [...loadedBy(path, facts)].flatMap((file): Found => {
    const where = file === path ? "" : ` in ${file}`;
    return impurities(facts.get(file) as Facts, file === path).map(([rule, what]) => [rule, what + where]);
  });
  const entry = Object.keys(IMPURE_FILES).find((impure) => path.startsWith(impure));
  if (entry === undefined) return found;
  const isInList = !entry.endsWith("/") && found.length === 0;
  return isInList ? [["only impure files are on the list of impure files", path]] : [];
}

function impurities({ imports, names, calls, members, newWithoutArguments }: Facts, isOwn: boolean): Found {
  const modules = imports.filter(
    ({ target, isTypeOnly }) => PLATFORM_MODULE.test(target) && (isOwn || !isTypeOnly),
  );
  const types = isOwn ? [...names].filter((name) => PLATFORM_NAME.test(name)) : [];
  const io = [
    ...[...calls].filter((call) => IO_CALL.test(call)),
    ...[...members].filter((member) => member.startsWith("console.")),
  ];
  const clocks = [...newWithoutArguments].filter((name) => name === "Date").map(() => "new Date()");
  const rules: [rule: string, what: string[]][] = [
    ["a pure file loads no platform module", modules.map(({ target }) => target)],
    ["a pure file names no platform type", types],
    ["a pure file does no I/O", io],
    [
      "a pure file has no clock and no randomness",
      [...clocks, ...[...members].filter((member) => CLOCK_OR_RANDOM.test(member))],
    ],
  ];
  return rules.flatMap(([rule, all]) => all.map((what): Found[number] => [rule, what]));
}

function lengthRule(source: string): Found {
  const lines = source.trimEnd().split("\n").length;
  return lines > MAX_LINES ? [["a file has one purpose", `${lines} lines`]] : [];
}

function loadedBy(path: string, facts: ReadonlyMap<string, Facts>, seen = new Set<string>()): Set<string> {
  if (seen.has(path) || !facts.has(path)) return seen;
  seen.add(path);
  for (const { target, isTypeOnly } of facts.get(path)?.imports ?? []) {
    if (!isTypeOnly) loadedBy(target, facts, seen);
  }
  return seen;
}
