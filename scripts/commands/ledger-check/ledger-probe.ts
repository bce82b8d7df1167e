import { randomBytes } from "node:crypto";
import { at, type Answer, type HttpClient } from "../../lib/http.ts";
import { freshDid, ledgerClient, type LedgerOptions } from "../../sandbox/clients/ledger.ts";
import { PlainError } from "../../lib/failure.ts";
import type { Settlement } from "../../../src/settlement/settlement.ts";

const SETTLEMENTS = "/v1/payments/settlements";
const PURPOSE = "ledgercheck";

/** A ledger as clawsettle talks to it, and a record of how it answered. */
export class LedgerProbe {
  /** Every answer that was no 2xx. */
  readonly refusals: Answer[] = [];
  /** Of the ingests that were sent one at a time. */
  readonly latenciesMs: number[] = [];
  readonly #http: HttpClient;
  readonly #baseUrl: URL;
  readonly #adminKey: string;
  readonly #run = randomBytes(6).toString("hex");
  #ids = 0;

  constructor({ http, baseUrl, adminKey }: LedgerOptions) {
    this.#http = http;
    this.#baseUrl = baseUrl;
    this.#adminKey = adminKey;
  }

  /** Unique to this run, so that runs never meet. */
  newId(prefix: string): string {
    return `${prefix}_${PURPOSE}_${this.#run}_${++this.#ids}`;
  }

  get(path: string, key = this.#adminKey): Promise<Answer> {
    return this.#send("GET", path, { key });
  }

  async openAccount(): Promise<string> {
    const client = ledgerClient({ http: this.#http, baseUrl: this.#baseUrl, adminKey: this.#adminKey });
    const answer = await client.createAccount(freshDid(PURPOSE));
    const id = at(answer.body, "id");
    if (answer.status !== 201 || typeof id !== "string")
      throw new PlainError(`no account: the ledger answered ${shown(answer)}`);
    return id;
  }

  /** In minor units, as text. */
  async available(accountId: string): Promise<string> {
    const answer = await this.get(`/accounts/id/${encodeURIComponent(accountId)}`);
    const available = at(answer.body, "balances", "available");
    if (typeof available !== "string")
      throw new PlainError(`no balance: the ledger answered ${shown(answer)}`);
    return available;
  }

  settlement(accountId: string, changes: Partial<Settlement> = {}): Settlement {
    return {
      provider: "stripe",
      external_payment_id: this.newId("pi"),
      direction: "payin",
      status: "confirmed",
      account_id: accountId,
      amount_minor: "1000",
      currency: "USD",
      network: "stripe",
      metadata: { purpose: PURPOSE },
      ...changes,
    };
  }

  /** One at a time; what is sent at once is no measure of one request's time. */
  async ingest(settlement: Settlement, idempotencyKey = this.newId("key")): Promise<Answer> {
    const answer = await this.#ingest(settlement, idempotencyKey);
    this.latenciesMs.push(answer.ms);
    return answer;
  }

  ingestAtOnce(requests: readonly { settlement: Settlement; key?: string }[]): Promise<Answer[]> {
    return Promise.all(
      requests.map(({ settlement, key }) => this.#ingest(settlement, key ?? this.newId("key"))),
    );
  }

  ingestWithKey(settlement: Settlement, key: string): Promise<Answer> {
    return this.#send("POST", `${SETTLEMENTS}/ingest`, {
      key,
      settlement,
      idempotencyKey: this.newId("key"),
    });
  }

  find({ external_payment_id, direction }: Pick<Settlement, "external_payment_id" | "direction">) {
    return this.get(
      `${SETTLEMENTS}/stripe/${encodeURIComponent(external_payment_id)}?direction=${direction}`,
    );
  }

  list(query: Readonly<Record<string, string>>): Promise<Answer> {
    return this.get(`${SETTLEMENTS}?${new URLSearchParams(query).toString()}`);
  }

  #ingest(settlement: Settlement, idempotencyKey: string): Promise<Answer> {
    return this.#send("POST", `${SETTLEMENTS}/ingest`, { key: this.#adminKey, settlement, idempotencyKey });
  }

  async #send(
    method: "GET" | "POST",
    path: string,
    { key, settlement, idempotencyKey }: { key: string; settlement?: Settlement; idempotencyKey?: string },
  ): Promise<Answer> {
    const answer = await this.#http.send({
      method,
      url: new URL(path, this.#baseUrl),
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
      },
      ...(settlement !== undefined && { body: JSON.stringify(settlement) }),
    });
    if (!isTaken(answer)) this.refusals.push(answer);
    return answer;
  }
}

export function isTaken({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** Status and code, e.g. `409 DUPLICATE_CONFLICT`; never a body, in which anything could stand. */
export function shown(answer: Answer): string {
  const code = at(answer.body, "code");
  return typeof code === "string" ? `${answer.status} ${code.slice(0, 64)}` : String(answer.status);
}
