import { isIP } from "node:net";
import { UsageError } from "./failure.ts";

/** A URL's host name without the brackets of an IPv6 address. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** True when a connection to this host cannot leave the machine. */
export function isLoopbackHost(hostname: string): boolean {
  const host = bareHost(hostname);
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** An http(s) base URL without path, query or credentials, so that it can be joined with a path and printed. */
export function baseUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search || url.username) {
    throw new UsageError(
      `${name} takes an address like https://host or http://127.0.0.1:8787, not "${text}".`,
    );
  }
  return url;
}
