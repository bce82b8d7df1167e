/** Retrying events, one or many: what every route that retries has in common. */
import { concurrently } from "../../concurrently.ts";
import type { Config } from "../../config.ts";
import { answerTo } from "../../errors.ts";
import type { RetryReply } from "../../event/engine.ts";
import type { OperatorRetry } from "../../event/machine-types.ts";
import type { EventSummary } from "../../event-index/event-summary.ts";
import { log } from "../../log.ts";
import { mapEvent } from "../../settlement/map.ts";
import type { Mapping } from "../../settlement/settlement.ts";
import { parseEvent } from "../../stripe/event.ts";
import { type AdminRequest, askEvent, configOf, type Outcome } from "./admin.ts";

/** A ledger that is just coming back should not be overrun by its own operators. */
const RETRIES_AT_ONCE = 6;

export type Retried = Extract<RetryReply, { kind: "retried" }>;
export type RetryRequest = Omit<OperatorRetry, "mapping">;

export interface RetryReport {
  /** Attempts made: `forwarded` of them settled their event, `failed` did not. */
  readonly attempted: number;
  readonly forwarded: number;
  readonly failed: number;
  /** One for each event, whether or not it needed an attempt. */
  readonly results: readonly {
    readonly event_id: string;
    readonly state: EventSummary["state"];
    readonly error_code: string | null;
  }[];
}

/** An unmappable event hands out its kept body, and is retried with what the mapper makes of it now. */
export async function retryOne(
  admin: AdminRequest,
  eventId: string,
  request: RetryRequest,
): Promise<Outcome<Retried>> {
  const config = configOf(admin);
  if (!config.ok) return config;
  return retryWith(admin, eventId, config.value, { ...request, mapping: null });
}

async function retryWith(
  admin: AdminRequest,
  eventId: string,
  config: Config,
  request: OperatorRetry,
): Promise<Outcome<Retried>> {
  const reply = await askEvent(admin, eventId, (stub) => stub.retry(request));
  if (!reply.ok) return reply;
  log("info", {
    msg: "operator_retry",
    event_id: eventId,
    request_id: admin.requestId,
    outcome: reply.value.kind,
  });
  switch (reply.value.kind) {
    case "retried":
      return { ok: true, value: reply.value };
    case "needs_mapping": {
      const mapping = remap(reply.value.body, config);
      // The kept body was an event when it was kept. Were it not one now, asking again would go round for ever.
      return mapping === null
        ? { ok: false, failure: { kind: "internal" } }
        : retryWith(admin, eventId, config, { ...request, mapping });
    }
    case "event_not_found":
    case "invalid_state":
      return { ok: false, failure: reply.value };
  }
}

function remap(body: Uint8Array, { refundEvents }: Config): Mapping | null {
  const parsed = parseEvent(body);
  return parsed.kind === "event" ? mapEvent(parsed.event, { refundEvents }) : null;
}

/** Each event by the same way as one alone, so each is as safe. One that fails keeps no other from its turn. */
export async function retryMany(
  admin: AdminRequest,
  events: readonly EventSummary[],
  request: RetryRequest,
): Promise<RetryReport> {
  const outcomes = await concurrently(events, RETRIES_AT_ONCE, async (event) =>
    resultOf(event, await retryOne(admin, event.event_id, request)),
  );
  const attempted = outcomes.filter((outcome) => outcome.attempted).length;
  const forwarded = outcomes.filter(
    (outcome) => outcome.attempted && outcome.result.state === "forwarded",
  ).length;
  const results = outcomes.map((outcome) => outcome.result);
  return { attempted, forwarded, failed: attempted - forwarded, results };
}

function resultOf({ event_id, state }: EventSummary, outcome: Outcome<Retried>) {
  if (outcome.ok) {
    const { attempted, event } = outcome.value;
    const result = { event_id, state: event.state, error_code: event.last_error?.code ?? null };
    return { attempted, result };
  }
  const { failure } = outcome;
  // It became final since the index was asked: nothing is wrong, and nothing was tried.
  if (failure.kind === "invalid_state") {
    return { attempted: false, result: { event_id, state: failure.state, error_code: null } };
  }
  // Whether an object that cannot be reached has begun an attempt nobody knows: counted, so that the sum is not too rosy.
  const result = { event_id, state, error_code: answerTo(failure).code };
  return { attempted: failure.kind !== "event_not_found", result };
}
