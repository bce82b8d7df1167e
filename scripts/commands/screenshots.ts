/** `npm run screenshots`: the pictures of the console in docs/screenshots, made from the running stack. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { startTempStack, type TempStack } from "../sandbox/stack/temp-stack.ts";
import { launchBrowser } from "../lib/browser.ts";
import type { DevVars } from "../sandbox/stack/dev-vars.ts";
import { EXIT_OK, PlainError, runMain } from "../lib/failure.ts";
import { ROOT } from "../lib/paths.ts";
import { playStory, type Story } from "./screenshots/events.ts";

const FOLDER = resolve(ROOT, "docs", "screenshots");
const DESKTOP = { width: 1200, height: 800 };
const PHONE = { width: 360, height: 740 };

interface Shot {
  readonly name: string;
  readonly path: string;
  /** What is opened before. */
  readonly click?: string;
  readonly isLive: boolean;
}

function shotsOf({ waiting, refused, run }: Story): Shot[] {
  return [
    { name: "overview", path: "/console", isLive: true },
    { name: "events", path: "/console/events?state=failed", isLive: true },
    { name: "event", path: `/console/events/${waiting}`, isLive: true },
    { name: "resolve", path: `/console/events/${refused}`, click: "#resolve summary", isLive: true },
    { name: "retry", path: "/console/retry?state=failed&count=1", isLive: false },
    { name: "reconciliations", path: "/console/reconciliations", isLive: false },
    { name: "reconciliation", path: `/console/reconciliations/${run}`, isLive: false },
  ];
}

async function main(): Promise<number> {
  // Long delays: a retry in the middle of a picture would blur it.
  const temp = await startTempStack({ withStripe: true, vars: { FORWARDING_RETRY_BASE_SECONDS: "300" } });
  const { stack, stripe } = temp;
  try {
    if (stripe === null) throw new PlainError("The sandbox Stripe was not started.");
    const story = await playStory({ ...temp, stripe, reconcile: () => reconcileLastHour(temp) });
    await takeAll(stack.clawsettleUrl, stack.secrets, story);
  } finally {
    await temp.stop();
  }
  return EXIT_OK;
}

/** Returns the run's id, once it is over. */
async function reconcileLastHour({ reconciliations }: TempStack): Promise<string> {
  const now = Date.now();
  const [from, to] = [new Date(now - 3_600_000).toISOString(), new Date(now).toISOString()];
  const id = await reconciliations.begin({ from, to, actor: "Ada Lovelace" });
  const { status } = await reconciliations.untilOver(id);
  if (status !== "complete") throw new PlainError(`The reconciliation is ${status}.`);
  return id;
}

async function takeAll(baseUrl: URL, secrets: DevVars, story: Story): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const browser = await launchBrowser();
  try {
    for (const colorScheme of ["light", "dark"] as const) {
      await take(browser, baseUrl, secrets, story, { colorScheme, viewport: DESKTOP, suffix: colorScheme });
    }
    await take(browser, baseUrl, secrets, story, { colorScheme: "light", viewport: PHONE, suffix: "phone" });
  } finally {
    await browser.close();
  }
}

async function take(
  browser: Browser,
  baseUrl: URL,
  secrets: DevVars,
  story: Story,
  look: { colorScheme: "light" | "dark"; viewport: typeof DESKTOP; suffix: string },
): Promise<void> {
  const page = await browser.newPage({ baseURL: baseUrl.origin, ...look });
  const shoot = (name: string) => page.screenshot({ path: join(FOLDER, `${name}-${look.suffix}.png`) });
  await page.goto("/console");
  await shoot("sign-in");
  await signIn(page, secrets["SETTLE_ADMIN_KEY"]);
  for (const { name, path, click, isLive } of shotsOf(story)) {
    await page.goto(path);
    if (isLive) await page.locator("#live.on").waitFor();
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

await runMain(main);
