/**
 * The three files that pages load; they load no others. They hold nothing secret, so they need no session.
 */
import { sha256Hex, utf8 } from "../bytes.ts";
import { FUNCTIONS, start } from "./client/live.ts";
import type { ConsoleContext } from "./guard.ts";
import { PAGE_HEADERS } from "./render.tsx";
import { CONTENT } from "./style/content.ts";
import { FRAME } from "./style/frame.ts";

/** A bundler that keeps functions' names wraps inner ones in a helper of this name. */
const KEEP_NAMES = "const __name = (fn) => fn;";
/** As a module it is strict, deferred, and leaves no globals behind. */
const SCRIPT = [KEEP_NAMES, ...FUNCTIONS.map(String), `(${String(start)})(globalThis);`].join("\n");

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#4338ca"/><path d="M21.5 11.5a7 7 0 1 0 0 9" fill="none" stroke="#fff" stroke-width="3.4" stroke-linecap="round"/><path d="m17.5 16.2 2.9 2.9 6-6.4" fill="none" stroke="#a5b4fc" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

export const serveStyle = (c: ConsoleContext) => serve(c, FRAME + CONTENT, "text/css");
export const serveScript = (c: ConsoleContext) => serve(c, SCRIPT, "text/javascript");
export const serveIcon = (c: ConsoleContext) => serve(c, ICON, "image/svg+xml");

/**
 * Revalidated with each page, and sent only when a deploy has changed it: no old script runs on a new page.
 */
async function serve(c: ConsoleContext, text: string, type: string): Promise<Response> {
  const etag = `"${(await sha256Hex(utf8(text))).slice(0, 32)}"`;
  const headers = { ...PAGE_HEADERS, "cache-control": "no-cache", etag, "x-request-id": c.var.requestId };
  if (c.req.header("if-none-match")?.includes(etag)) return new Response(null, { status: 304, headers });
  return new Response(text, { headers: { ...headers, "content-type": `${type}; charset=utf-8` } });
}
