/**
 * What Stripe puts into `Stripe-Signature`, for senders and tests. WebCrypto only: runs in Node and in workerd.
 * https://docs.stripe.com/webhooks/signature
 */
const encoder = new TextEncoder();

export interface SigningTime {
  /** Unix seconds. The receiver refuses what is older than its tolerance. */
  readonly timestampSeconds: number;
}

/** `t=…,v1=…` over exactly these bytes. */
export async function signPayload(
  body: string | Uint8Array,
  secret: string,
  { timestampSeconds }: SigningTime,
): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const signed = concat(
    encoder.encode(`${timestampSeconds}.`),
    typeof body === "string" ? encoder.encode(body) : body,
  );
  const digest = new Uint8Array(await crypto.subtle.sign("HMAC", key, signed));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `t=${timestampSeconds},v1=${hex}`;
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
