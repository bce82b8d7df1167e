/**
 * The one object that holds the sandbox ledger's books. It plugs SQLite, the clock and the faults into the rules,
 * and holds no rule of its own. Being one object it serializes all ingests, so `CONCURRENT_INGESTION_CONFLICT` never
 * happens by itself: the fault `reject` can play it.
 *
 * Bodies cross RPC as JSON text: that is what the Worker sends on, byte for byte.
 */
import { DurableObject } from "cloudflare:workers";
import { accountView, type Account } from "./account.ts";
import type { Answer, Changes, Direction } from "./contract.ts";
import { faultAnswer, takeFault, type Fault, type FaultAnswer, type Route } from "./faults.ts";
import { RequestLog } from "./request-log.ts";
import { ingest } from "./rules.ts";
import { SqlStore } from "./sql-store.ts";

/** The bindings of the sandbox ledger's Worker. */
export interface SandboxEnv {
  readonly LEDGER_BOOK: DurableObjectNamespace<LedgerBook>;
  readonly LEDGER_ADMIN_KEY?: string;
}

export interface IngestCall {
  readonly idempotency_key: string;
  readonly body: string;
  readonly body_sha256: string;
}

/** What the Worker shall answer. */
export interface Reply {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  readonly retry_after_seconds?: number;
  /** The answer must break off in the middle. */
  readonly cut_off?: true;
}

const FAULTS = "faults";

export class LedgerBook extends DurableObject<SandboxEnv> {
  readonly #store: SqlStore;
  readonly #log: RequestLog;
  /** Stored too: an idle object leaves memory, and a queued fault must outlive that. */
  #faults: readonly Fault[];

  constructor(ctx: DurableObjectState, env: SandboxEnv) {
    super(ctx, env);
    this.#store = new SqlStore(ctx.storage.sql);
    this.#log = new RequestLog(ctx.storage.sql);
    this.#faults = ctx.storage.kv.get<Fault[]>(FAULTS) ?? [];
  }

  async ingest(call: IngestCall): Promise<Reply> {
    const fault = this.#takeFault("ingest");
    const seq = this.#logArrival(call, fault);
    if (fault?.kind === "slow") await sleep(fault.delay_ms);
    const reply = replyTo(faultAnswer(fault) ?? this.#commit(call));
    if (fault?.kind === "commit_then_drop") return { ...reply, cut_off: true };
    if (fault?.kind === "commit_then_hang") await sleep(fault.delay_ms);
    this.#log.answered(seq, reply.status);
    return reply;
  }

  /** An ingest that the Worker turned away at the door. It meets no fault, but the log shows it. */
  logRefused(call: IngestCall, status: number): void {
    this.#log.answered(this.#logArrival(call, null), status);
  }

  async findSettlements(externalPaymentId: string, direction: Direction | null): Promise<Reply> {
    const fault = this.#takeFault("lookup");
    if (fault?.kind === "slow") await sleep(fault.delay_ms);
    const refused = faultAnswer(fault);
    if (refused !== null) return replyTo(refused);
    const settlements = this.#store.settlementsOf(externalPaymentId, direction);
    if (settlements.length === 0) return notFound("settlement", externalPaymentId);
    return replyTo({ status: 200, body: { settlements } });
  }

  openAccount(account: Account): Reply {
    const opened = this.#store.openAccount(account);
    return { ...this.showAccount(account.id), status: opened ? 201 : 200 };
  }

  showAccount(id: string): Reply {
    const account = this.#store.findAccount(id);
    if (account === undefined) return notFound("account", id);
    return replyTo({ status: 200, body: accountView(account, this.#store.totals(id)) });
  }

  /** One page of all settlements, in the order of their natural key. The cursor is the last key of the page before. */
  listSettlements(after: { external_payment_id: string; direction: string }, limit: number): Reply {
    const settlements = this.#store.settlementsAfter(after.external_payment_id, after.direction, limit);
    const last = settlements.length === limit ? settlements.at(-1) : undefined;
    const next_cursor = last === undefined ? null : `${last.direction}:${last.external_payment_id}`;
    return replyTo({ status: 200, body: { settlements, next_cursor } });
  }

  alterSettlement(externalPaymentId: string, direction: Direction, changes: Changes): Reply {
    const key = { provider: "stripe", external_payment_id: externalPaymentId, direction } as const;
    const altered = this.#store.alter(key, changes);
    return altered ? replyTo({ status: 200, body: { ok: true } }) : notFound("settlement", externalPaymentId);
  }

  addFault(fault: Fault): Reply {
    this.#saveFaults([...this.#faults, fault]);
    return { ...this.listFaults(), status: 201 };
  }

  listFaults(): Reply {
    return replyTo({ status: 200, body: { faults: this.#faults } });
  }

  clearFaults(): Reply {
    this.#saveFaults([]);
    return this.listFaults();
  }

  listRequests(idempotencyKey: string | null, after: number): Reply {
    return replyTo({ status: 200, body: { requests: this.#log.list(idempotencyKey, after) } });
  }

  clearRequests(): Reply {
    this.#log.clear();
    return replyTo({ status: 200, body: { requests: [] } });
  }

  reset(): Reply {
    this.#store.reset();
    this.#log.clear();
    this.#saveFaults([]);
    return replyTo({ status: 200, body: { ok: true } });
  }

  #commit(call: IngestCall): Answer {
    return this.ctx.storage.transactionSync(() =>
      ingest(this.#store, {
        idempotency_key: call.idempotency_key,
        body: call.body,
        fingerprint: call.body_sha256,
        now: new Date().toISOString(),
        fresh_id: `stl_${crypto.randomUUID()}`,
      }),
    );
  }

  #logArrival(call: IngestCall, fault: Fault | null): number {
    const { idempotency_key, body_sha256 } = call;
    const received_at = new Date().toISOString();
    return this.#log.append({ idempotency_key, body_sha256, received_at, fault: fault?.kind ?? null });
  }

  #takeFault(route: Route): Fault | null {
    const { fault, queue } = takeFault(this.#faults, route);
    if (queue !== this.#faults) this.#saveFaults(queue);
    return fault;
  }

  #saveFaults(faults: readonly Fault[]): void {
    this.#faults = faults;
    this.ctx.storage.kv.put(FAULTS, faults);
  }
}

function replyTo(answer: FaultAnswer | { readonly status: number; readonly body: unknown }): Reply {
  return { ...answer, body: JSON.stringify(answer.body) };
}

function notFound(what: string, id: string): Reply {
  return replyTo({ status: 404, body: { error: `no ${what} ${id}`, code: "NOT_FOUND" } });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
