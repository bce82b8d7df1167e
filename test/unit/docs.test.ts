/**
 * Documents name files: as proof, and to be read. A file that moves must not leave
 * a claim behind that nobody can check.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const DOCUMENTS = [
  ...readdirSync("."),
  ...readdirSync("docs", { recursive: true, encoding: "utf8" }).map((file) => `docs/${file}`),
].filter((file) => file.endsWith(".md"));

/**
 * In backticks, below the repository, with an ending: `src/config.ts`. Not patterns or
 * examples, which have a star or a brace.
 */
const NAMED = /`((?:src|test|scripts|docs)\/[\w./-]+\.[a-z]+)`/g;
/** [text](docs/x.md) or src="docs/x.svg", relative to the document. */
const LINKED = /(?:\]\(|src(?:set)?=")(?!https?:|#|mailto:)([^)#"\s]+)/g;

function filesIn(document: string, text: string): string[] {
  const named = [...text.matchAll(NAMED)].map(([, path]) => path ?? "");
  const linked = [...text.matchAll(LINKED)].map(([, path]) => join(dirname(document), path ?? ""));
  return [...new Set([...named, ...linked])];
}

describe.each(DOCUMENTS)("%s", (document) => {
  it("names only files that exist", () => {
    const files = filesIn(document, readFileSync(document, "utf8"));
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });
});

describe("what counts as naming a file", () => {
  it("backticks and links; no pattern, no address", () => {
    const text =
      '`src/a.ts` `test/fuzz.*.ts` [b](../b.md#part) [c](https://c.test/d.md) `npm test` <img src="e.svg">';
    expect(filesIn("docs/x.md", text)).toEqual(["src/a.ts", "b.md", "docs/e.svg"]);
  });

  it.each(["SECURITY.md", "docs/security-review.md"])("%s names tests", (document) => {
    const files = filesIn(document, readFileSync(document, "utf8"));
    expect(files.filter((file) => /^test\/.*\.test\.ts$/.test(file)).length).toBeGreaterThan(10);
  });
});
