/** A browser at the console: signed in, watched for errors, and able to say what axe thinks of a page. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Visitor {
  readonly page: Page;
  /** What the page complained of: errors of its script, and whatever its content policy refused. */
  readonly complaints: readonly string[];
}

export async function visit(
  browser: Browser,
  baseUrl: URL,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: baseUrl.origin, ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  return { page, complaints: complaintsOf(page) };
}

export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    // That a page is a 4xx is for the test to judge; the browser calls it an error.
    const isStatus = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isStatus) complaints.push(message.text());
  });
  return complaints;
}

export async function signIn(page: Page, key: string, name = "Ada"): Promise<void> {
  await page.goto("/console");
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Operator key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** A note in the page's memory: gone as soon as the page is loaded anew. */
export async function mark(page: Page): Promise<void> {
  await page.evaluate("globalThis.marked = true");
}

export function isMarked(page: Page): Promise<boolean> {
  return page.evaluate("globalThis.marked === true");
}

/**
 * Rules that the page breaks, and where. The context must bypass the page's policy, which would keep axe out.
 */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(`${AXE}; undefined`);
  return page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + " at " + target + ": " + failureSummary)))`);
}

/** What makes the page so wide that it must be moved sideways to be read. */
export function tooWideOn(page: Page): Promise<string[]> {
  return page.evaluate(`(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth ? [] :
    [...document.querySelectorAll("main *, header *")]
      .filter((element) => element.getBoundingClientRect().right > clientWidth)
      .map((element) => "too wide: " + element.outerHTML.slice(0, 120)))(document.documentElement)`);
}
