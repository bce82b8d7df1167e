/**
 * The id that clawledger gives to the account of a did: `acc_` and the did's 32-bit string hash (h = 31·h +
 * code unit), made positive, in eight hex digits. Pure.
 *
 * Knowing it beforehand is what lets a smoke send a payment for an account that does not exist yet. Two dids
 * can share an id; the ledger then answers 200 and not 201 to the second.
 */
export function accountIdOf(did: string): string {
  let hash = 0;
  for (let index = 0; index < did.length; index += 1) {
    hash = (Math.imul(hash, 31) + did.charCodeAt(index)) | 0;
  }
  return `acc_${Math.abs(hash).toString(16).padStart(8, "0")}`;
}
