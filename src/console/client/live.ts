/**
 * What runs in the browser: it keeps a page that is open as it would be after a reload. It renders nothing of
 * its own. When a socket says that something has changed, it asks the server for the page again and puts the
 * parts that are marked `data-region` in the place of the old ones; so there is one rendering, with script
 * and without.
 *
 * These functions are served as text (see `assets.ts`), so they name nothing outside this file but the
 * browser's own.
 */
import type { Browser, Element, Page } from "./dom.ts";

/** What one open page knows of itself. */
interface Live {
  /** Something has changed since the page was asked for last. */
  isStale: boolean;
  isAsking: boolean;
  /** Sockets that are open now, of those there should be. */
  open: number;
  wanted: number;
}

export function start(browser: Browser): void {
  const { document } = browser;
  const urls = document.getElementById("main")?.dataset["live"]?.split(" ").filter(Boolean) ?? [];
  const live: Live = { isStale: false, isAsking: false, open: 0, wanted: urls.length };
  for (const url of urls) listen(browser, live, url, 1_000);
  poll(browser, live);
  // A hidden page is refreshed only once it is visible.
  document.addEventListener("visibilitychange", () => {
    if (live.isStale) void refresh(browser, live);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.dataset["inline"] === undefined) return;
    event.preventDefault();
    void submit(browser, event.target);
  });
}

/** Comes back by itself, later each time; and asks for the page then, since it may have missed something. */
function listen(browser: Browser, live: Live, url: string, delayMs: number): void {
  const socket = new WebSocket(new URL(url, browser.location.href.replace(/^http/, "ws")).href);
  let delay = delayMs;
  let isOpen = false;
  const changed = () => {
    live.isStale = true;
    void refresh(browser, live);
  };
  socket.addEventListener("open", () => {
    delay = 1_000;
    isOpen = true;
    live.open++;
    showLive(browser.document, live);
    changed();
  });
  socket.addEventListener("message", changed);
  socket.addEventListener("close", () => {
    if (isOpen) live.open--;
    showLive(browser.document, live);
    const again = () => listen(browser, live, url, Math.min(60_000, delay * 2));
    setTimeout(again, delay * (0.5 + Math.random() / 2));
  });
}

/** As long as the page says so: no WebSocket notifies it of what goes on. */
function poll(browser: Browser, live: Live): void {
  const ms = Number(browser.document.getElementById("main")?.dataset["poll"]);
  if (!(ms > 0)) return;
  setTimeout(() => {
    live.isStale = true;
    void refresh(browser, live).then(() => poll(browser, live));
  }, ms);
}

function showLive(document: Page, { open, wanted }: Live): void {
  const sign = document.getElementById("live");
  // Until it was live once there is nothing to say: a browser without sockets misses nothing but this.
  if (sign === null || (sign.hidden && open < wanted)) return;
  sign.hidden = false;
  sign.className = open === wanted ? "live on" : "live off";
  sign.textContent = open === wanted ? "Live" : "Reconnecting";
}

/** One at a time, and never more than a tenth of the time: many changes must not become many questions. */
async function refresh(browser: Browser, live: Live): Promise<void> {
  if (live.isAsking) return;
  live.isAsking = true;
  while (live.isStale && !browser.document.hidden) {
    live.isStale = false;
    const began = performance.now();
    // Without an answer the page stays as it is; the next change asks again.
    await ask(browser, browser.location.href, {})
      .then((page) => patch(browser.document, page))
      .catch(() => null);
    const restMs = Math.max(250, 9 * (performance.now() - began));
    await new Promise((rested) => setTimeout(rested, restMs));
  }
  live.isAsking = false;
}

async function ask(browser: Browser, url: string, init: RequestInit): Promise<Page> {
  const response = await fetch(url, { ...init, headers: { accept: "text/html" } });
  // The session is over: the sign-in is a page of its own.
  if (new URL(response.url).pathname === "/console/login") browser.location.reload();
  return new browser.DOMParser().parseFromString(await response.text(), "text/html");
}

/** An act whose answer is this page again needs no other page. */
async function submit(browser: Browser, form: Element): Promise<void> {
  const { document } = browser;
  const body = new URLSearchParams([...new browser.FormData(form)]);
  form.textContent = "Working …";
  const answer = await ask(browser, form.action, { method: "POST", body }).catch(() => null);
  if (answer === null) return browser.location.reload();
  const notice = document.getElementById("notice");
  const newNotice = answer.getElementById("notice");
  if (notice !== null && newNotice !== null) {
    notice.replaceChildren(...newNotice.childNodes);
    patch(document, answer);
    notice.focus();
    return;
  }
  // A refusal is a page of another kind.
  const main = document.getElementById("main");
  main?.replaceChildren(...(answer.getElementById("main")?.childNodes ?? []));
  main?.focus();
}

function patch(document: Page, page: Page): void {
  for (const region of document.querySelectorAll("[data-region]")) {
    const next = page.getElementById(region.id);
    const active = document.activeElement;
    // Text that is being typed is kept, and a form that was sent back with what is wrong in it.
    const isTyping = region.contains(active) && active?.matches("input, textarea, select") === true;
    const isRefused = [...region.querySelectorAll("[aria-invalid]")].length > 0;
    if (next === null || isTyping || isRefused || region.isEqualNode(next)) continue;
    const openIds = new Set([...region.querySelectorAll("details[open]")].map(({ id }) => id));
    const focusedId = region.contains(active) ? active?.id : undefined;
    region.replaceChildren(...next.childNodes);
    for (const details of region.querySelectorAll("details")) {
      if (openIds.has(details.id)) details.open = true;
    }
    if (focusedId) document.getElementById(focusedId)?.focus();
  }
  const main = document.getElementById("main");
  if (main !== null) main.dataset["poll"] = page.getElementById("main")?.dataset["poll"] ?? "";
  announce(document, page.getElementById("main")?.dataset["announce"] ?? "");
}

/** Says it once, and only when it is another thing than before. */
function announce(document: Page, text: string): void {
  const main = document.getElementById("main");
  const announcer = document.getElementById("announcer");
  if (main === null || announcer === null || main.dataset["announce"] === text) return;
  (main.dataset as Record<string, string>)["announce"] = text;
  announcer.textContent = text;
}

/** All that is served. `assets.ts` adds the call of `start`. */
export const FUNCTIONS = [listen, poll, showLive, refresh, ask, submit, patch, announce] as const;
