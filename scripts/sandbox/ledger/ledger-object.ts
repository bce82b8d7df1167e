/**
 * The one object that holds the sandbox ledger's tables. It plugs SQLite, the clock, the mode and the faults
 * into the statements, and holds no rule of its own.
 *
 * Bodies cross RPC as JSON text: that is what the Worker sends on, byte for byte.
 */
import { DurableObject } from "cloudflare:workers";
import { toHex } from "../../../src/bytes.ts";
import { accountView } from "./account.ts";
import { audit } from "./audit.ts";
import type { Answer, Changes, Direction, NaturalKey } from "./contract.ts";
import { FaultQueue } from "./fault-queue.ts";
import { faultAnswer, type Fault } from "./faults.ts";
import { ingest, ingestSteps, type IngestContext } from "./ingest.ts";
import { completeEffect, removeSettlement, type Repaired } from "./repair.ts";
import { problem, replyTo, type Reply } from "./reply.ts";
import { RequestLog } from "./request-log.ts";
import type { IngestRequest } from "./request.ts";
import { settlementPage, type ListQuery, type Position } from "./settlement-list.ts";
import { SqlStore } from "./sql-store.ts";
import type { Statement } from "./statements.ts";
import type { Account } from "./store.ts";

/** The bindings of the sandbox ledger's Worker. */
export interface SandboxEnv {
  readonly LEDGER_OBJECT: DurableObjectNamespace<LedgerObject>;
  readonly LEDGER_ADMIN_KEY?: string;
  /**
   * `as-is`, the default: statement by statement, like the real ledger.
   * `atomic`: each ingest in one transaction.
   */
  readonly LEDGER_MODE?: string;
  /** The time between two statements in mode `as-is`. */
  readonly LEDGER_STATEMENT_GAP_MS?: string;
}

export interface IngestCall extends IngestRequest {
  readonly body_sha256: string;
}

const DEFAULT_STATEMENT_GAP_MS = 3;
/** The beginning of some answer, as little as can be sent before the connection breaks. */
const CUT_OFF: Reply = { status: 200, body: "{}", cut_off: true };

export class LedgerObject extends DurableObject<SandboxEnv> {
  readonly #store: SqlStore;
  readonly #log: RequestLog;
  readonly #faults: FaultQueue;
  readonly #context: IngestContext;
  readonly #isAtomic: boolean;
  readonly #gapMs: number;

  constructor(ctx: DurableObjectState, env: SandboxEnv) {
    super(ctx, env);
    this.#store = new SqlStore(ctx.storage.sql);
    this.#log = new RequestLog(ctx.storage.sql);
    this.#faults = new FaultQueue(ctx.storage.kv);
    this.#isAtomic = env.LEDGER_MODE === "atomic";
    this.#gapMs = Number(env.LEDGER_STATEMENT_GAP_MS ?? DEFAULT_STATEMENT_GAP_MS);
    this.#context = { now: () => new Date().toISOString(), newId, newHash, oneBucket: !this.#isAtomic };
  }

  async ingest(call: IngestCall): Promise<Reply> {
    const fault = this.#faults.take("ingest");
    const seq = this.#logArrival(call, fault);
    if (fault?.kind === "slow") await sleep(fault.delay_ms);
    const cutOffAfter = fault?.kind === "cut_off" ? fault.after : null;
    const answer = faultAnswer(fault) ?? (await this.#run(call, cutOffAfter));
    if (answer === "cut_off") return CUT_OFF;
    const reply = replyTo(answer);
    if (fault?.kind === "commit_then_drop") return { ...reply, cut_off: true };
    if (fault?.kind === "commit_then_hang") await sleep(fault.delay_ms);
    this.#log.answered(seq, reply.status);
    return reply;
  }

  /** An ingest that the Worker refused by its key. It meets no fault, but the log shows it. */
  logRefused(call: IngestCall, status: number): void {
    this.#log.answered(this.#logArrival(call, null), status);
  }

  findSettlements(externalPaymentId: string, direction: Direction | null): Promise<Reply> {
    return this.#read(() => {
      const settlements = this.#store.settlementsOf(externalPaymentId, direction);
      if (settlements.length === 0) return notFound("settlement", externalPaymentId);
      return replyTo({ status: 200, body: { settlements } });
    });
  }

  listSettlements(
    { provider = "stripe", limit, ...filter }: ListQuery,
    after: Position | null,
  ): Promise<Reply> {
    return this.#read(() => {
      const rows = provider === "stripe" ? this.#store.listSettlements(filter, after, limit + 1) : [];
      return replyTo({ status: 200, body: settlementPage(rows, limit) });
    });
  }

  /** Idempotent by did. Two dids can have one id: the second gets no account. */
  openAccount(account: Account): Reply {
    this.#store.openAccount(account);
    if (this.#store.findAccount(account.id)?.did !== account.did) {
      return problem(500, "CREATE_FAILED", `${account.id} belongs to another did`);
    }
    return { ...this.showAccount(account.id), status: 201 };
  }

  showAccount(id: string): Reply {
    const account = this.#store.findAccount(id);
    if (account === undefined) return notFound("account", id);
    const view = accountView(account, this.#store.journal(id), this.#context.oneBucket);
    return replyTo({ status: 200, body: view });
  }

  audit(): Reply {
    return replyTo({ status: 200, body: audit(this.#store) });
  }

  completeEffect(key: NaturalKey): Reply {
    return this.#repair(() => completeEffect(this.#store, key, this.#context));
  }

  removeSettlement(key: NaturalKey): Reply {
    return this.#repair(() => removeSettlement(this.#store, key));
  }

  alterSettlement(key: NaturalKey, changes: Changes): Reply {
    const altered = this.#store.alter(key, changes);
    return altered
      ? replyTo({ status: 200, body: { ok: true } })
      : notFound("settlement", key.external_payment_id);
  }

  addFault(fault: Fault): Reply {
    this.#faults.add(fault);
    return { ...this.listFaults(), status: 201 };
  }

  listFaults(): Reply {
    return replyTo({ status: 200, body: { faults: this.#faults.faults } });
  }

  clearFaults(): Reply {
    this.#faults.clear();
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
    this.#faults.clear();
    return replyTo({ status: 200, body: { ok: true } });
  }

  async #run(request: IngestRequest, cutOffAfter: Statement | null): Promise<Answer | "cut_off"> {
    if (this.#isAtomic) {
      if (cutOffAfter !== null) return "cut_off";
      return this.ctx.storage.transactionSync(() => ingest(this.#store, request, this.#context));
    }
    const steps = ingestSteps(this.#store, request, this.#context);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      if (step.value === cutOffAfter) return "cut_off";
      // What was written so far commits here, and other requests run.
      await sleep(this.#gapMs);
    }
  }

  async #read(read: () => Reply): Promise<Reply> {
    const fault = this.#faults.take("lookup");
    if (fault?.kind === "slow") await sleep(fault.delay_ms);
    const refused = faultAnswer(fault);
    return refused === null ? read() : replyTo(refused);
  }

  #repair(act: () => Repaired): Reply {
    const repaired = this.ctx.storage.transactionSync(act);
    if (typeof repaired !== "string") return replyTo({ status: 200, body: { settlement: repaired } });
    return problem(repaired === "not_found" ? 404 : 409, repaired.toUpperCase(), "nothing was changed");
  }

  #logArrival(call: IngestCall, fault: Fault | null): number {
    const { idempotency_key, body_sha256 } = call;
    const received_at = new Date().toISOString();
    return this.#log.append({ idempotency_key, body_sha256, received_at, fault: fault?.kind ?? null });
  }
}

function newId(prefix: "set" | "evt"): string {
  return `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;
}

function newHash(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(32)));
}

function notFound(what: string, id: string): Reply {
  return problem(404, "NOT_FOUND", `no ${what} ${id}`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
