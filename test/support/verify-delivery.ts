import {
  checkHeader,
  type HeaderPolicy,
  type SignatureCheck,
  verifySignature,
} from "../../src/stripe/signature.ts";

export interface SignedDelivery extends HeaderPolicy {
  readonly header: string | null;
  readonly body: Uint8Array;
  readonly secrets: readonly string[];
}

/** Both steps, as the webhook takes them: the header before the body is read, then the body. */
export async function verifyDelivery(delivery: SignedDelivery): Promise<SignatureCheck> {
  const { header, body, secrets } = delivery;
  const checked = checkHeader(header, delivery);
  return checked.kind === "refused" ? checked : verifySignature(checked, body, secrets);
}
