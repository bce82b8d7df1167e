/**
 * The Durable Object of one ledger account: it plugs the platform into the {@link Lane}. It stores the mark
 * of a turn, and the movements that an operator closed: no other event of theirs may be booked.
 */
import { DurableObject } from "cloudflare:workers";
import type { LedgerConfig } from "../config.ts";
import { answerRpc, type RpcResult } from "../durable-object/rpc.ts";
import { connectLedger } from "./connect.ts";
import { closedMovement, laneMark } from "./lane-notes.ts";
import { Lane, type LanePorts, type LaneRequest } from "./lane.ts";
import type { SettleOutcome } from "./port.ts";
import { movementOf, thaw } from "../settlement/settlement.ts";
import { settle } from "./settle.ts";
import { acceptedConfig } from "../stored-settings/accepted-config.ts";

const MARK_KEY = "running_until";
const resolvedKey = (movement: string) => `resolved:${movement}`;

export class AccountLane extends DurableObject<Env> {
  #lane: Lane | null = null;

  settle(request: LaneRequest): Promise<RpcResult<SettleOutcome>> {
    return this.#answer(async () => {
      // Also here, before anything is sent: the event that calls may be of
      // another version, with another ledger.
      const accepted = await acceptedConfig(this.env);
      if (!accepted.ok) throw new Error("the service is not configured");
      // Only now: of two callers that waited above, the second must find the lane of the first.
      this.#lane ??= this.#open(accepted.config.ledger);
      return this.#lane.settle(request);
    });
  }

  isResolved(movement: string): Promise<RpcResult<boolean>> {
    return this.#answer(async () => this.#isResolved(movement));
  }

  /** A movement is closed while at least one event of it is: opening one of two again does not open it. */
  setResolved(movement: string, eventId: string, isResolved: boolean): Promise<RpcResult<null>> {
    return this.#answer(async () => {
      const { kv } = this.ctx.storage;
      const key = resolvedKey(movement);
      const stored = kv.get(key);
      const known = stored === undefined ? [] : closedMovement.parse(stored).closed_by;
      const others = known.filter((id) => id !== eventId);
      const closed_by = isResolved ? [...others, eventId] : others;
      if (closed_by.length > 0) kv.put(key, closedMovement.stamp({ closed_by }));
      else kv.delete(key);
      return null;
    });
  }

  #answer<T>(act: () => Promise<T>): Promise<RpcResult<T>> {
    return answerRpc({ object: "account_lane", name: this.ctx.id.name ?? "" }, act);
  }

  #isResolved(movement: string): boolean {
    return this.ctx.storage.kv.get(resolvedKey(movement)) !== undefined;
  }

  #open(ledger: LedgerConfig): Lane {
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
        load() {
          const stored = kv.get(MARK_KEY);
          return stored === undefined ? null : laneMark.parse(stored).until;
        },
        // Not awaited: the output gate holds the request until it is durable.
        save: (until) => kv.put(MARK_KEY, laneMark.stamp({ until })),
        clear: () => void kv.delete(MARK_KEY),
      },
      settle: async (request, turnMs) => {
        // Now, and not before it waited: an operator may have closed the movement meanwhile.
        if (this.#isResolved(movementOf(thaw(request.payload)))) return { kind: "movement_resolved" };
        const end = Date.now() + turnMs;
        return settle(ledger, request, () => Math.max(1, end - Date.now()));
      },
    };
  }
}
