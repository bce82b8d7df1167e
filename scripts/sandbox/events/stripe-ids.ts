/** Ids that look like Stripe's. Runs in Node and in workerd. */
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_LENGTH = 24;

/** `stripeId("evt")` → `evt_4Xb…`: 24 letters and digits, never the same twice. */
export function stripeId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_LENGTH));
  // 62 does not divide 256, so some letters come up a little more often. These ids are no secrets.
  return `${prefix}_${Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("")}`;
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
