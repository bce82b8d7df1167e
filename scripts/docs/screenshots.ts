/** `npm run screenshots`: the pictures of the console in docs/screenshots, made from the running stack. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { freePort } from "../dev/ports.ts";
import { startStack } from "../dev/stack.ts";
import { launchBrowser } from "../lib/browser.ts";
import { clawsettleClient } from "../lib/clawsettle.ts";
import { createDevVars, type DevVars } from "../lib/dev-vars.ts";
import { EXIT_OK, runMain } from "../lib/failure.ts";
import { httpClient } from "../lib/http.ts";
import { ledgerClient } from "../lib/ledger.ts";
import { ROOT } from "../lib/paths.ts";
import { sandboxClient } from "../lib/sandbox.ts";
import { playStory, type Story } from "./story.ts";

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

function shotsOf({ waiting, refused }: Story): Shot[] {
  return [
    { name: "overview", path: "/console", isLive: true },
    { name: "events", path: "/console/events?state=failed", isLive: true },
    { name: "event", path: `/console/events/${waiting}`, isLive: true },
    { name: "resolve", path: `/console/events/${refused}`, click: "#resolve summary", isLive: true },
    { name: "retry", path: "/console/retry?state=failed&count=1", isLive: false },
  ];
}

async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "clawsettle-pictures-"));
  const secrets = createDevVars();
  const ports = { clawsettle: await freePort(), ledger: await freePort() };
  // Long delays: a retry in the middle of a picture would blur it.
  const vars = { FORWARDING_RETRY_BASE_SECONDS: "300" };
  const stack = await startStack({ ports, persistTo: join(folder, "state"), vars, secrets });
  const http = httpClient();
  try {
    const access = { http, baseUrl: stack.ledgerUrl, adminKey: secrets.LEDGER_ADMIN_KEY };
    const clawsettle = clawsettleClient({
      http,
      baseUrl: stack.clawsettleUrl,
      signingSecret: secrets.STRIPE_WEBHOOK_SIGNING_SECRET,
      adminKey: secrets.SETTLE_ADMIN_KEY,
    });
    const story = await playStory({
      clawsettle,
      ledger: ledgerClient(access),
      sandbox: sandboxClient(access),
    });
    await takeAll(stack.clawsettleUrl, secrets, story);
  } finally {
    await http.close();
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return EXIT_OK;
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
