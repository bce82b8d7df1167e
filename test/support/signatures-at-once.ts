import { signPayload } from "../../scripts/sandbox/events/stripe-signature.ts";
import { verifyDelivery } from "./verify-delivery.ts";

const SECRET = "whsec_at_once";
const SECONDS = 1_800_000_000;

interface Kinds {
  readonly own: readonly string[];
  readonly neighbours: readonly string[];
}

/**
 * Bodies of many lengths, around the size of the buffer that the checks share, are checked at the same
 * moment: each by its own signature, and each by its neighbour's. What must come of it, and what came.
 */
export async function checkManyAtOnce(): Promise<{ wanted: Kinds; found: Kinds }> {
  const lengths = [10, 10, 2_000, 2_000, 65_471, 65_472, 65_473, 65_473, 100_000, 100_000];
  const deliveries = await Promise.all(
    lengths.map(async (length, i) => {
      const body = new Uint8Array(length).fill(0x61 + i);
      return { body, header: await signPayload(body, SECRET, { timestampSeconds: SECONDS }) };
    }),
  );
  const check = (body: Uint8Array, header: string) =>
    verifyDelivery({ header, body, secrets: [SECRET], toleranceSeconds: 0, nowMs: SECONDS * 1000 });
  const own = deliveries.map(({ body, header }) => check(body, header));
  const neighbours = deliveries.map(({ body }, i) => check(body, deliveries.at(i - 1)?.header ?? ""));
  const found = {
    own: (await Promise.all(own)).map(({ kind }) => kind),
    neighbours: (await Promise.all(neighbours)).map(({ kind }) => kind),
  };
  const wanted = { own: lengths.map(() => "verified"), neighbours: lengths.map(() => "refused") };
  return { wanted, found };
}
