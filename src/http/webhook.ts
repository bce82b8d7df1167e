/**
 * `POST /v1/stripe/webhook`: one column of checks, in the contract's order. Bytes are verified before they are
 * parsed, and nothing before the last step touches a Durable Object: a forged request leaves no trace but a log line.
 */
import { sha256 } from "../bytes.ts";
import { type Config, loadConfig } from "../config.ts";
import type { Failure } from "../errors.ts";
import { callEvent } from "../event/locate.ts";
import { errorName, platformFlags } from "../event/platform-error.ts";
import type { DeliveryReply } from "../event/snapshot.ts";
import type { Delivery } from "../event/step.ts";
import { log, type LogLine, logSampled } from "../log.ts";
import { mapEvent } from "../settlement/map.ts";
import { parseEvent, type StripeEvent } from "../stripe/event.ts";
import { checkLivemode } from "../stripe/livemode.ts";
import { verifySignature } from "../stripe/signature.ts";
import { MAX_BODY_BYTES, readBody } from "./body.ts";
import { fail, json } from "./respond.ts";

/** Verified, parsed and allowed here: what is left is to deliver it. */
type Accepted = { readonly event: StripeEvent; readonly delivery: Delivery };
type Refused = { readonly failure: Failure; readonly why: string };

export async function handleWebhook(request: Request, env: Env, requestId: string): Promise<Response> {
  const startedAt = Date.now();
  const configured = loadConfig(env);
  if (!configured.ok) {
    const { missing, invalid } = configured;
    log("error", { msg: "unconfigured", request_id: requestId, missing: [...missing, ...invalid].join(",") });
    return fail(requestId, { kind: "dependency_not_configured", missing, invalid });
  }
  const accepted = await accept(request, configured.config, requestId, startedAt);
  if ("failure" in accepted) {
    const { failure, why } = accepted;
    logSampled(
      "warn",
      { msg: "delivery_refused", request_id: requestId, refusal: failure.kind, why },
      Math.random(),
    );
    return fail(requestId, failure);
  }
  return deliver(env, accepted.delivery, startedAt);
}

/** Everything that needs no state. */
async function accept(
  request: Request,
  config: Config,
  requestId: string,
  nowMs: number,
): Promise<Accepted | Refused> {
  const body = await readBody(request, MAX_BODY_BYTES).catch(() => "broken_off" as const);
  if (body === "broken_off") {
    return { failure: { kind: "invalid_request", problems: ["the body broke off"] }, why: body };
  }
  if (body === null) {
    return { failure: { kind: "payload_too_large", limitBytes: MAX_BODY_BYTES }, why: "too_large" };
  }
  const signature = await verifySignature({
    header: request.headers.get("stripe-signature"),
    body,
    secrets: config.signingSecrets,
    toleranceSeconds: config.signatureToleranceSeconds,
    nowMs,
  });
  if (signature.kind === "refused") return { failure: { kind: "signature_invalid" }, why: signature.why };

  const parsed = parseEvent(body);
  if (parsed.kind === "thin") return { failure: { kind: "thin_event_unsupported" }, why: "thin" };
  if (parsed.kind === "invalid") {
    return {
      failure: { kind: "invalid_request", problems: parsed.problems },
      why: parsed.problems.join("; "),
    };
  }
  const { event } = parsed;
  const mode = checkLivemode(event.livemode, config);
  if (mode.kind === "refused") {
    const { settle_env, expected_livemode, event_livemode } = mode;
    return {
      failure: { kind: "livemode_mismatch", settle_env, expected_livemode, event_livemode },
      why: `${event.id} livemode ${String(event_livemode)}`,
    };
  }
  const mapping = mapEvent(event, { refundEvents: config.refundEvents });
  const delivery: Delivery = {
    event_id: event.id,
    event_type: event.type,
    livemode: mode.livemode,
    api_version: event.api_version,
    stripe_account: event.account,
    mapping,
    body_sha256: await sha256(body),
    secret_index: signature.secretIndex,
    // Kept only where it is all that is left to repair the event from: it holds personal data.
    body: mapping.kind === "unmappable" ? body : null,
    request_id: requestId,
  };
  return { event, delivery };
}

async function deliver(env: Env, delivery: Delivery, startedAt: number): Promise<Response> {
  const { event_id, event_type, request_id } = delivery;
  const line = { event_id, event_type, request_id };
  const located = await callEvent(
    env,
    event_id,
    (stub) => stub.deliver(delivery),
    (error, willRetry) =>
      log("warn", {
        msg: "object_unreachable",
        ...line,
        ...platformFlags(error),
        error: errorName(error),
        will_retry: willRetry,
      }),
  );
  const duration_ms = Date.now() - startedAt;
  if (!located.ok) {
    log("error", { msg: "delivery", ...line, outcome: "event_object_unavailable", duration_ms });
    return fail(request_id, { kind: "event_object_unavailable" });
  }
  const reply = located.value;
  log(reply.kind === "event_conflict" ? "error" : "info", {
    msg: "delivery",
    ...line,
    ...outcomeOf(reply),
    duration_ms,
  });
  if (reply.kind !== "ok") return fail(request_id, reply);
  const { ok, ...rest } = reply.snapshot;
  return json(request_id, 200, { ok, deduped: reply.deduped, ...rest });
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
