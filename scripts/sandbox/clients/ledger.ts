import { randomBytes } from "node:crypto";
import { at, type Answer, type HttpClient } from "../../lib/http.ts";
import { PlainError } from "../../lib/failure.ts";

/** What a test or a smoke asks of clawledger, beside what clawsettle itself sends there. */
export type Ledger = {
  createAccount(did: string): Promise<Answer>;
  account(accountId: string): Promise<Answer>;
  payins(paymentId: string): Promise<Answer>;
  /** As somebody else who writes to the ledger. */
  ingest(idempotencyKey: string, settlement: object): Promise<Answer>;
};

export type LedgerOptions = { readonly http: HttpClient; readonly baseUrl: URL; readonly adminKey: string };

export function ledgerClient({ http, baseUrl, adminKey }: LedgerOptions): Ledger {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json; charset=utf-8" };
  return {
    createAccount: (did) =>
      http.send({
        method: "POST",
        url: new URL("/accounts", baseUrl),
        headers,
        body: JSON.stringify({ did }),
      }),
    account: (accountId) =>
      http.send({
        method: "GET",
        url: new URL(`/accounts/id/${encodeURIComponent(accountId)}`, baseUrl),
        headers,
      }),
    ingest: (idempotencyKey, settlement) =>
      http.send({
        method: "POST",
        url: new URL("/v1/payments/settlements/ingest", baseUrl),
        headers: { ...headers, "idempotency-key": idempotencyKey },
        body: JSON.stringify(settlement),
      }),
    payins(paymentId) {
      const path = `/v1/payments/settlements/stripe/${encodeURIComponent(paymentId)}?direction=payin`;
      return http.send({ method: "GET", url: new URL(path, baseUrl), headers });
    },
  };
}

/** A did that nobody has used. */
export function freshDid(purpose: string): string {
  return `did:key:${purpose}${randomBytes(12).toString("hex")}`;
}

/** Creates an account and gives its id. */
export async function newAccount(ledger: Ledger, purpose: string): Promise<string> {
  const answer = await ledger.createAccount(freshDid(purpose));
  const id = at(answer.body, "id");
  if (answer.status !== 201 || typeof id !== "string") {
    throw new PlainError(
      `The ledger made no account: it answered ${answer.status} ${JSON.stringify(answer.body)}`,
    );
  }
  return id;
}
