/** What a source file loads, names, reads and calls, from its syntax tree. */
import { posix } from "node:path";
import { parseAst } from "vitest/node";

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface Import {
  /** As written, or the path below the repository when it is a file of ours. */
  readonly target: string;
  readonly isTypeOnly: boolean;
  readonly names: readonly string[];
}

export interface Facts {
  readonly imports: readonly Import[];
  /** Each identifier that is read or named as a type, but for a property's own name. */
  readonly names: ReadonlySet<string>;
  /** "Date.now", "ctx.storage", "env.LEDGER": the last two links of each chain. */
  readonly members: ReadonlySet<string>;
  /** What is called: "fetch", "Date.now". */
  readonly calls: ReadonlySet<string>;
  /** `new Date()`: the clock, by another name. */
  readonly newWithoutArguments: ReadonlySet<string>;
}

export const MAX_COMMENT_COLUMNS = 110;

/** Lines that are nothing but a comment, and too wide. The formatter takes care of the code alone. */
export function wideComments(source: string): string[] {
  return source
    .split("\n")
    .filter((line) => /^\s*(\/\/|\/?\*)/.test(line) && [...line].length > MAX_COMMENT_COLUMNS);
}

export function factsOf(path: string, source: string): Facts {
  const imports: Import[] = [];
  const names = new Set<string>();
  const members = new Set<string>();
  const calls = new Set<string>();
  const newWithoutArguments = new Set<string>();
  walk(parseAst(source, { lang: path.endsWith(".tsx") ? "tsx" : "ts" }) as unknown as Node, (node) => {
    const imported = importOf(path, node);
    if (imported !== null) imports.push(imported);
    if (node.type === "Identifier") names.add(String(node["name"]));
    if (node.type === "MemberExpression") members.add(chain(node));
    if (node.type === "VariableDeclarator") for (const name of unpacked(node)) members.add(name);
    if (node.type === "CallExpression") {
      const callee = chain(node["callee"] as Node);
      const [first] = node["arguments"] as Node[];
      calls.add(callee);
      calls.add(`${callee}(${first === undefined ? "" : chain(first).split(".").at(-1)})`);
    }
    if (node.type === "NewExpression" && (node["arguments"] as Node[]).length === 0) {
      newWithoutArguments.add(chain(node["callee"] as Node));
    }
  });
  return { imports, names, members, calls, newWithoutArguments };
}

function importOf(path: string, node: Node): Import | null {
  const source = node["source"] as { value?: unknown } | null | undefined;
  if (!/^(Import|Export)/.test(node.type) || typeof source?.value !== "string") return null;
  const isOurs = source.value.startsWith(".");
  const target = isOurs ? posix.join(posix.dirname(path), source.value) : source.value;
  const specifiers = (node["specifiers"] ?? []) as Node[];
  const isType = (kind: unknown) => kind === "type";
  const isTypeOnly =
    isType(node["importKind"]) ||
    isType(node["exportKind"]) ||
    (specifiers.length > 0 && specifiers.every((s) => isType(s["importKind"]) || isType(s["exportKind"])));
  const names = specifiers.map((s) =>
    s["imported"] === undefined ? "*" : String((s["imported"] as Node)["name"]),
  );
  return { target, isTypeOnly, names };
}

/** "a.b.c" → "b.c"; casts and assertions are looked through, and `a["b"]` is `a.b`. */
function chain(node: Node): string {
  const inner = node["expression"] as Node | undefined;
  if (/^(TS\w+Expression|ParenthesizedExpression|ChainExpression)$/.test(node.type) && inner)
    return chain(inner);
  if (node.type === "ThisExpression") return "this";
  if (node.type !== "MemberExpression") return String(node["name"] ?? node.type);
  const property = node["property"] as Node;
  const name = property["name"] ?? property["value"] ?? "?";
  return `${chain(node["object"] as Node)
    .split(".")
    .at(-1)}.${String(name)}`;
}

/** `const { A, B } = env` reads `env.A` and `env.B`. */
function unpacked(declarator: Node): string[] {
  const { id, init } = declarator as unknown as { id: Node; init: Node | null };
  if (id.type !== "ObjectPattern" || init === null) return [];
  const from = chain(init).split(".").at(-1);
  return (id["properties"] as Node[]).map((property) => {
    const key = property["key"] as Node | undefined;
    return `${from}.${String(key?.["name"] ?? key?.["value"] ?? "*")}`;
  });
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const [field, value] of Object.entries(node)) {
    // The name of a property is no name in scope: `record.Env` is not the platform's type.
    const isPropertyName = field === "key" || (node.type === "MemberExpression" && field === "property");
    if (isPropertyName && node["computed"] !== true) continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === "object" && child !== null && "type" in child) walk(child as Node, visit);
    }
  }
}
