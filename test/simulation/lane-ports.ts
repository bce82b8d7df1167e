/** The lane's ports of one instance, over the models. A call of an instance that is gone comes to nothing. */
import type { LanePolicy, LanePorts } from "../../src/ledger/lane.ts";
import { settle, type SettleRequest } from "../../src/ledger/settle.ts";
import { movementOf, thaw } from "../../src/settlement/settlement.ts";
import { SECOND } from "../../scripts/lib/durations.ts";
import type { ClosedMovements } from "./closed-movements.ts";
import type { LaneObject } from "./lane-object.ts";
import type { LedgerModel, LedgerRequest } from "./ledger-model.ts";
import type { Instance } from "./simulated-object.ts";
import { POLICY, type World } from "./world.ts";

/** As production is configured by default. */
export const LANE_POLICY: LanePolicy = {
  concurrency: 1,
  turnMs: POLICY.ledgerTimeoutMs,
  quietMs: 10 * SECOND,
};

export interface LaneServices {
  readonly world: World;
  readonly ledger: LedgerModel;
  readonly closed: ClosedMovements;
}

export function lanePorts(services: LaneServices, object: LaneObject, instance: Instance): LanePorts {
  const { world } = services;
  const { time } = world;
  const now = () => time.now + instance.clockSkewMs;
  return {
    now,
    at(due, act) {
      const task = time.at(due - instance.clockSkewMs, () => {
        if (instance.alive && !object.crashes("at a timer")) act();
      });
      return () => (task.canceled = true);
    },
    mark: {
      load: () => object.storage.cells.mark,
      save(until) {
        object.act(instance, "a save");
        object.storage.write({ mark: until });
      },
      clear() {
        // In a timer of its own, with nobody to hear of it: a crash here is a mark that stays.
        if (object.crashes("before a mark's end")) return;
        object.storage.write({ mark: null });
      },
    },
    async settle(request, turnMs) {
      if (object.isClosed(movementOf(thaw(request.payload)))) return { kind: "movement_resolved" };
      const end = now() + turnMs;
      return settle(requestsOf(services, object, instance, request), request, () => Math.max(1, end - now()));
    },
  };
}

function requestsOf(
  { ledger, closed }: LaneServices,
  object: LaneObject,
  instance: Instance,
  { idempotency_key }: SettleRequest,
) {
  /** A frozen payload names its event only in the key. */
  const who = idempotency_key.split(":").at(2) ?? idempotency_key;
  const request = (what: string, timeoutMs: number, leaves = () => {}): LedgerRequest => ({
    who,
    what,
    gate: object.storage.gate(),
    timeoutMs: Math.min(timeoutMs, POLICY.ledgerTimeoutMs),
    clientLostAt: () => instance.lostAt,
    leaves,
  });
  return {
    ingest: (payload: string, key: string, timeoutMs = Infinity) =>
      object.hold(instance, "the ingest", () =>
        ledger.ingest(
          request(`ingest ${key}`, timeoutMs, () => closed.ingestLeaves(who)),
          payload,
          key,
        ),
      ),
    findSettlement: (externalId: string, direction: string, timeoutMs = Infinity) =>
      object.hold(instance, "the read-back", () =>
        ledger.findSettlement(
          request(`read back ${direction} ${externalId}`, timeoutMs),
          externalId,
          direction,
        ),
      ),
  };
}
