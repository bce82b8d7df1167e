/**
 * What Stripe puts into `Stripe-Signature`, for senders and tests. WebCrypto only: runs in Node and in
 * workerd. https://docs.stripe.com/webhooks/signature
 */
import { toHex, utf8 } from "../../../src/bytes.ts";

/** `t=…,v1=…` over exactly these bytes. A receiver refuses a time that is older than its tolerance. */
export async function signPayload(
  body: string | Uint8Array,
  secret: string,
  { timestampSeconds }: { readonly timestampSeconds: number },
): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8(secret), algorithm, false, ["sign"]);
  const bytes = typeof body === "string" ? utf8(body) : body;
  const signed = new Uint8Array([...utf8(`${timestampSeconds}.`), ...bytes]);
  const digest = await crypto.subtle.sign("HMAC", key, signed);
  return `t=${timestampSeconds},v1=${toHex(new Uint8Array(digest))}`;
}
