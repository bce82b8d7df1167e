/** Hands a delivery to its event's object, and says in the log how that went. */
import type { RpcResult } from "../durable-object/rpc.ts";
import { callEvent } from "../event/call-event.ts";
import type { DeliveryReply } from "../event/snapshot.ts";
import { type Delivery, triggerOf } from "../event/machine-types.ts";
import { log, type LogLine } from "../log.ts";

/** Never throws; `ok: false` when the object is out of reach, after tries with fresh stubs. */
export async function deliver(
  env: Env,
  delivery: Delivery,
  startedAt: number,
): Promise<RpcResult<DeliveryReply>> {
  const { event_id, event_type, request_id } = delivery;
  const line = { event_id, event_type, request_id, trigger: triggerOf(delivery) };
  const located = await callEvent(env, event_id, (stub) => stub.deliver(delivery), line);
  const duration_ms = Date.now() - startedAt;
  if (!located.ok) {
    log("error", { msg: "delivery", ...line, outcome: "event_object_unavailable", duration_ms });
    return located;
  }
  const reply = located.value;
  log(reply.kind === "event_conflict" ? "error" : "info", {
    msg: "delivery",
    ...line,
    ...outcomeOf(reply),
    duration_ms,
  });
  return located;
}

function outcomeOf(reply: DeliveryReply): Omit<LogLine, "msg"> {
  switch (reply.kind) {
    case "ok":
      return { outcome: "ok", state: reply.snapshot.state, deduped: reply.deduped };
    case "ledger_ingest_failed":
      return {
        outcome: reply.kind,
        state: "failed",
        attempt: reply.attempts,
        ledger_status: reply.ledger_status,
      };
    case "event_conflict":
      return { outcome: reply.kind, state: reply.state };
  }
}
