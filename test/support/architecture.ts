/**
 * What may never be in `src/`, as a check over the syntax tree: comments and texts cannot set it off, and a rename
 * cannot hide from it. Each file is checked for itself and, where a room must be pure, with everything it loads.
 */
import { type Facts, factsOf } from "./source-facts.ts";

/** Path below the repository → source. */
export type Sources = Readonly<Record<string, string>>;

export interface Violation {
  readonly path: string;
  readonly rule: string;
  readonly what: string;
}

export const MAX_LINES = 220;

const PURE = [
  /^src\/(stripe|settlement)\//,
  /^src\/ledger\/(outcome|port)\.ts$/,
  /^src\/event\/(record|machine|backoff|snapshot|engine|ports|machine-types|view)\.ts$/,
  /^src\/event\/transitions\//,
  /^src\/cron\/(alert-text|open-age-alert|reconciliation-alert)\.ts$/,
  /^src\/format-money\.ts$/,
  /^src\/stripe-api\/port\.ts$/,
  /^src\/reconciler\/(?!(csv|call-reconciler|reconciler|read-report|run-id|start-run|runs-table|hourly-run|run-step|page-ports)\.ts$)/,
];
const PLATFORM_MODULE = /^(cloudflare:|node:|partyserver|partysocket|hono)/;
const PLATFORM_NAME = /^(Env|DurableObject.*|ExecutionContext|ExportedHandler|KVNamespace|Fetcher)$/;
const IMPURE_CALLS = new Set(["fetch", "globalThis.fetch", "self.fetch", "setTimeout", "setInterval"]);
const IMPURE_MEMBERS = new Set([
  "Date.now",
  "performance.now",
  "Math.random",
  "crypto.randomUUID",
  "crypto.getRandomValues",
]);
/** Where the names of bindings may stand, and which. */
const BINDINGS: Readonly<Record<string, RegExp>> = {
  "src/event/call-event.ts": /^env\.STRIPE_EVENT$/,
  "src/event-index/call-shards.ts": /^env\.EVENT_INDEX$/,
  "src/reconciler/call-reconciler.ts": /^env\.RECONCILER$/,
};

export function violationsIn(sources: Sources): Violation[] {
  const facts = new Map(Object.entries(sources).map(([path, source]) => [path, factsOf(path, source)]));
  return Object.entries(sources).flatMap(([path, source]) => {
    const own = facts.get(path) as Facts;
    const found: [rule: string, what: string][] = [
      ...importRules(path, own),
      ...environmentRules(path, own),
      ...storageRules(path, own),
      ...(isPure(path) ? purityRules(path, facts) : []),
      ...lengthRule(source),
    ];
    return found.map(([rule, what]) => ({ path, rule, what }));
  });
}

type Found = [rule: string, what: string][];

function isPure(path: string): boolean {
  return PURE.some((room) => room.test(path));
}

function importRules(path: string, { imports }: Facts): Found {
  const forbidden: [when: RegExp, target: RegExp, rule: string][] = [
    [/^src\//, /^(scripts|test)\//, "src imports neither scripts nor test"],
    [/^src\/event\//, /^src\/(stripe|http)\//, "event imports neither stripe nor http"],
    [/^src\/ledger\//, /^src\/(event|http)\//, "ledger imports neither event nor http"],
    [/^src\/http\//, /^src\/ledger\//, "http never touches the ledger"],
    [/^src\/event\//, /^src\/(stripe-api|delivery|reconciler)\//, "event knows nobody who asks it"],
    [/^src\/(?!stripe-api\/client\.ts$)/, /^stripe$/, "only stripe-api/client.ts loads Stripe's client"],
    [/^src\/stripe-api\//, /^src\/(?!stripe-api\/)/, "stripe-api imports nothing but its own"],
    [
      /^src\/delivery\//,
      /^src\/(http|ledger|event-index|reconciler)\//,
      "delivery only checks and hands over",
    ],
    [/^src\/reconciler\//, /^src\/(http|event-index)\//, "reconciler imports neither http nor event-index"],
    [
      /^src\/(event-index|ledger|settlement|stripe)\//,
      /^src\/(stripe-api|delivery|reconciler)\//,
      "what settles does not know the reconciler",
    ],
    [/^src\/(?!console\/|app\.ts$)/, /^src\/console\//, "only app.ts knows the console"],
    [/^src\/(?!cron\/|index\.ts$)/, /^src\/cron\//, "only the entry knows the cron"],
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

function storageRules(path: string, { members }: Facts): Found {
  if (!path.startsWith("src/http/")) return [];
  return [...members]
    .filter((member) => /\.storage$|^storage\./.test(member))
    .map((what) => ["http never touches storage", what]);
}

/** Of itself and of everything that it loads. What it imports as a type is not there when it runs. */
function purityRules(path: string, facts: ReadonlyMap<string, Facts>): Found {
  const own = facts.get(path) as Facts;
  const found: Found = own.imports
    .filter(({ target, isTypeOnly }) => isTypeOnly && PLATFORM_MODULE.test(target))
    .map(({ target }) => ["a pure file loads no platform module", target]);
  for (const name of own.names) {
    if (PLATFORM_NAME.test(name)) found.push(["a pure file names no platform type", name]);
  }
  for (const file of loadedBy(path, facts)) {
    const where = file === path ? "" : ` in ${file}`;
    for (const [rule, what] of impurities(facts.get(file) as Facts)) found.push([rule, what + where]);
  }
  return found;
}

function impurities({ imports, calls, members, newWithoutArguments }: Facts): Found {
  const modules = imports.filter(({ target, isTypeOnly }) => !isTypeOnly && PLATFORM_MODULE.test(target));
  const clocks = [...newWithoutArguments].filter((name) => name === "Date");
  const chance = [...members].filter((member) => IMPURE_MEMBERS.has(member));
  return [
    ...modules.map(({ target }): Found[number] => ["a pure file loads no platform module", target]),
    ...[...calls]
      .filter((call) => IMPURE_CALLS.has(call))
      .map((call): Found[number] => ["a pure file does no I/O", call]),
    ...[...clocks.map(() => "new Date()"), ...chance].map((what): Found[number] => {
      return ["a pure file has no clock and no randomness", what];
    }),
  ];
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
