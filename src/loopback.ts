/** Whether a URL's host is this machine itself: then plain HTTP shows nothing to anybody. Pure. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
