/** What GitHub's workflows name must exist, and what they run must be fixed. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const FOLDER = ".github/workflows";
const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };

describe.each(readdirSync(FOLDER))("%s", (file) => {
  const text = readFileSync(`${FOLDER}/${file}`, "utf8");
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found ?? "");

  it("fixes each action by the hash of a commit, with its version beside it", () => {
    const actions = all(/uses: (.*)/g);
    expect(actions.length).toBeGreaterThan(0);
    for (const action of actions) expect(action).toMatch(/^[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("runs only npm scripts that exist", () => {
    const run = all(/npm run ([\w:-]+)/g);
    expect(run.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it("may write nothing to the repository, and leaves no token in the checkout", () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read\n$/m);
    expect(all(/(uses: actions\/checkout@)/g).length).toBe(all(/(persist-credentials: false)/g).length);
  });

  it("gets secrets by name, into the environment of a step", () => {
    const given = all(/(.*\$\{\{ secrets\..*)/g);
    for (const line of given) expect(line).toMatch(/^ {10}([A-Z_]+): \$\{\{ secrets\.\1 \}\}$/);
  });

  it("writes no expression into a shell command", () => {
    const lines = all(/^(.*\$\{\{.*)$/gm).filter((line) => !/^ +[A-Za-z_]+: |^ +if: /.test(line));
    expect(lines).toEqual([]);
  });
});
