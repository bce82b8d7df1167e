/** Every settlement request that the ledger got, read as it goes: the ledger keeps only the last. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sandbox } from "../../sandbox/clients/sandbox-ledger.ts";
import type { LoggedRequest } from "../../sandbox/ledger/request-log.ts";

const EVERY_MS = 1_000;

export class RequestCollector {
  readonly requests: LoggedRequest[] = [];
  readonly #sandbox: Pick<Sandbox, "requestsAfter">;
  readonly #over = new AbortController();
  readonly #collecting: Promise<void>;
  #reading: Promise<readonly LoggedRequest[]> | null = null;

  constructor(sandbox: Pick<Sandbox, "requestsAfter">) {
    this.#sandbox = sandbox;
    this.#collecting = this.#collect();
  }

  /** Reads what has come since, and gives it. Throws when the ledger cannot be reached. */
  async read(): Promise<readonly LoggedRequest[]> {
    this.#reading ??= this.#readOn().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#collecting;
  }

  async #readOn(): Promise<readonly LoggedRequest[]> {
    const fresh = await this.#sandbox.requestsAfter(this.requests.at(-1)?.seq ?? 0);
    this.requests.push(...fresh);
    return fresh;
  }

  async #collect(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      // The ledger may be dead at the moment: what it had written down is still there afterwards.
      await this.read().catch(() => null);
      await sleep(EVERY_MS, undefined, { signal }).catch(() => null);
    }
  }
}
