/**
 * The Durable Object of one ledger account: it plugs the platform into the {@link Lane}, and holds no rule of its own.
 * All that it stores is the mark of a turn.
 */
import { DurableObject } from "cloudflare:workers";
import { type LedgerConfig, loadConfig } from "../config.ts";
import { answerRpc, type RpcResult } from "../durable-object/rpc.ts";
import { connectLedger } from "./connect.ts";
import { Lane, type LanePorts, type LaneRequest } from "./lane.ts";
import type { SettleOutcome } from "./port.ts";
import { settle } from "./settle.ts";

const MARK_KEY = "running_until";

export class AccountLane extends DurableObject<Env> {
  #lane: Lane | null = null;

  settle(request: LaneRequest): Promise<RpcResult<SettleOutcome>> {
    const whose = { object: "account_lane", name: this.ctx.id.name ?? "" };
    return answerRpc(whose, () => (this.#lane ??= this.#open()).settle(request));
  }

  #open(): Lane {
    const configured = loadConfig(this.env);
    if (!configured.ok) throw new Error("the service is not configured");
    const { ledger } = configured.config;
    const { accountConcurrency: concurrency, timeoutMs: turnMs, quietMs } = ledger;
    return new Lane(this.#ports(ledger), { concurrency, turnMs, quietMs });
  }

  #ports(config: LedgerConfig): LanePorts {
    const { kv } = this.ctx.storage;
    const ledger = connectLedger(this.env, config);
    return {
      now: () => Date.now(),
      at(time, act) {
        const timer = setTimeout(act, Math.max(0, time - Date.now()));
        return () => clearTimeout(timer);
      },
      mark: {
        load: () => kv.get<number>(MARK_KEY) ?? null,
        // Not awaited: the output gate holds the request until it is durable.
        save: (until) => kv.put(MARK_KEY, until),
        clear: () => void kv.delete(MARK_KEY),
      },
      settle(request, turnMs) {
        const end = Date.now() + turnMs;
        return settle(ledger, request, () => Math.max(1, end - Date.now()));
      },
    };
  }
}
