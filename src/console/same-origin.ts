/**
 * Whether a browser sent this from a page of ours. The cookie's SameSite=Strict already keeps other sites'
 * requests unsigned; this refuses them also where a browser does not know it, and where another subdomain of
 * the same site asks. A WebSocket needs it most: its handshake carries cookies, and no other rule of browsers
 * holds it back.
 */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  return request.headers.get("origin") === new URL(request.url).origin;
}
