/** `npm run screenshots`: the pictures of the console in docs/screenshots, made from the running stack. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { startTempStack } from "../sandbox/stack/temp-stack.ts";
import { launchBrowser } from "../lib/browser.ts";
import { runCommand } from "../lib/command.ts";
import { EXIT_OK } from "../lib/failure.ts";
import { ROOT } from "../lib/paths.ts";
import type { Stack } from "../sandbox/stack/stack.ts";
import { makeExamples, type Examples } from "./screenshots/make-examples.ts";

const HELP = "Makes the pictures of the console in docs/screenshots anew. Needs Chromium on this machine.";

const FOLDER = resolve(ROOT, "docs", "screenshots");
/** Long delays: a retry in the middle of a picture would blur it. */
const VARS = { FORWARDING_RETRY_BASE_SECONDS: "300", LEDGER_CURRENCIES: "USD,EUR,JPY,GBP" };
const DESKTOP = { width: 1200, height: 800 };
const PHONE = { width: 360, height: 740 };

/** A picture's name, its path, and what is clicked before. */
function shotsOf({ waiting, refused, run }: Examples): [name: string, path: string, click?: string][] {
  return [
    ["overview", "/console"],
    ["events", "/console/events?state=failed"],
    ["event", `/console/events/${waiting}`],
    ["resolve", `/console/events/${refused}`, "#resolve summary"],
    ["retry", "/console/retry?state=failed&count=1"],
    ["reconciliations", "/console/reconciliations"],
    ["reconciliation", `/console/reconciliations/${run}`],
  ];
}

/** These pages change as events do: the picture waits until they are connected. */
const LIVE = new Set(["overview", "events", "event", "resolve"]);

async function screenshots(): Promise<number> {
  const temp = await startTempStack({ withStripe: true, vars: VARS });
  try {
    await takeAll(temp.stack, await makeExamples(temp));
  } finally {
    await temp.stop();
  }
  return EXIT_OK;
}

async function takeAll(stack: Stack, examples: Examples): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const browser = await launchBrowser();
  try {
    for (const colorScheme of ["light", "dark"] as const) {
      await take(browser, stack, examples, { colorScheme, viewport: DESKTOP, suffix: colorScheme });
    }
    await take(browser, stack, examples, { colorScheme: "light", viewport: PHONE, suffix: "phone" });
  } finally {
    await browser.close();
  }
}

async function take(
  browser: Browser,
  { clawsettleUrl, secrets }: Stack,
  examples: Examples,
  style: { colorScheme: "light" | "dark"; viewport: typeof DESKTOP; suffix: string },
): Promise<void> {
  const page = await browser.newPage({ baseURL: clawsettleUrl.origin, ...style });
  const shoot = (name: string) => page.screenshot({ path: join(FOLDER, `${name}-${style.suffix}.png`) });
  await page.goto("/console");
  await shoot("sign-in");
  await signIn(page, secrets.SETTLE_ADMIN_KEY);
  for (const [name, path, click] of shotsOf(examples)) {
    await page.goto(path);
    if (LIVE.has(name)) await page.locator("#live.on").waitFor();
    if (click !== undefined) await page.locator(click).click();
    await shoot(name);
  }
  await page.close();
}

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel("Your name").fill("Ada Lovelace");
  await page.getByLabel("Operator key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/console");
}

await runCommand({ help: HELP, options: {} }, screenshots);
