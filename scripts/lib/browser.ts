import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { PlainError } from "./failure.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
/** Nothing here may report or look anything up on the network. */
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];

/** The machine's own Chromium, headless. */
export function launchBrowser(): Promise<Browser> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const files = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const executablePath = files.find((file) => existsSync(file));
  if (executablePath === undefined) {
    throw new PlainError("There is no Chromium on this machine: apt-get install chromium");
  }
  return chromium.launch({ executablePath, args: ARGS });
}
