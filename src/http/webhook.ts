/**
 * `POST /v1/stripe/webhook`: one column of checks, in the contract's order. Bytes are verified before they
 * are parsed, and nothing before the last step touches a Durable Object: a forged request leaves no trace but
 * a log line.
 */
import { type Config, loadConfig } from "../config.ts";
import { deliver } from "../delivery/deliver.ts";
import { prepareDelivery, type Prepared } from "../delivery/prepare.ts";
import type { Failure } from "../errors.ts";
import type { DeliveryAnswer } from "../event/delivery-answer.ts";
import { countUnlisted } from "../event-index/call-shards.ts";
import { log, logSampled } from "../log.ts";
import type { Result } from "../result.ts";
import { EVENT_MAX_BYTES } from "../stripe/event.ts";
import { verifySignature } from "../stripe/signature.ts";
import { readBody } from "./body.ts";
import type { Incoming } from "./input.ts";
import { newRequestId, respond } from "./respond.ts";
import { ROUTES } from "./routes.ts";
import { uncaught } from "./uncaught.ts";

/** By the usual spelling of its path. A request that spells it otherwise goes through the router. */
export function isWebhook({ method, url }: Request): boolean {
  return method === ROUTES.webhook.method && new URL(url).pathname === ROUTES.webhook.path;
}

/**
 * Without the router: nearly every request is Stripe's, or pretends to be, and the router with its context
 * took a fifth of the CPU time of a forged one.
 */
export async function takeWebhook(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  const requestId = newRequestId();
  try {
    const background = (work: Promise<void>) => ctx.waitUntil(work);
    return respond(requestId, await receiveDelivery({ request, env, requestId, background }));
  } catch (error) {
    return uncaught(requestId, error);
  }
}

export async function receiveDelivery({
  request,
  env,
  requestId,
  background,
}: Incoming): Promise<Result<DeliveryAnswer, Failure>> {
  const startedAt = Date.now();
  const configured = loadConfig(env);
  if (!configured.ok) {
    const { missing, invalid } = configured;
    log("error", { msg: "unconfigured", request_id: requestId, missing: [...missing, ...invalid].join(",") });
    return { ok: false, failure: { kind: "dependency_not_configured", missing, invalid } };
  }
  const accepted = await accept(request, configured.config, requestId, startedAt);
  if (accepted.kind === "refused") {
    const { failure, why } = accepted;
    logSampled(
      "warn",
      { msg: "delivery_refused", request_id: requestId, refusal: failure.kind, why },
      Math.random(),
    );
    return { ok: false, failure };
  }
  if (accepted.kind === "not_listed") {
    const index = { env, shards: configured.config.indexShards };
    background(countUnlisted(index, accepted.stripe_account, startedAt));
    return { ok: true, value: notListed(accepted, requestId) };
  }
  const delivered = await deliver(env, accepted.delivery, startedAt);
  if (!delivered.ok) return { ok: false, failure: { kind: "event_object_unavailable" } };
  const reply = delivered.value;
  if (reply.kind !== "ok") return { ok: false, failure: reply };
  const { ok, ...rest } = reply.snapshot;
  return { ok: true, value: { ok, deduped: reply.deduped, ...rest } };
}

/** With a 2xx: refusals would make Stripe disable the endpoint, which every connected account shares. */
function notListed(
  { event_id, event_type, stripe_account }: Extract<Prepared, { kind: "not_listed" }>,
  requestId: string,
): DeliveryAnswer {
  const reason = "connected_account_not_listed" as const;
  const line = { msg: "delivery", outcome: reason, event_id, event_type, stripe_account };
  logSampled("info", { ...line, request_id: requestId }, Math.random());
  return { ok: true, event_id, event_type, state: "ignored", reason, forwarded_to_ledger: false };
}

/** Everything that needs no state. */
async function accept(request: Request, config: Config, requestId: string, nowMs: number): Promise<Prepared> {
  const body = await readBody(request, EVENT_MAX_BYTES).catch(() => "broken_off" as const);
  if (body === "broken_off") {
    return refused({ kind: "invalid_request", problems: ["the body broke off"] }, body);
  }
  if (body === null) {
    return refused({ kind: "payload_too_large", limitBytes: EVENT_MAX_BYTES }, "too_large");
  }
  const signature = await verifySignature({
    header: request.headers.get("stripe-signature"),
    body,
    secrets: config.signingSecrets,
    toleranceSeconds: config.signatureToleranceSeconds,
    nowMs,
  });
  if (signature.kind === "refused") return refused({ kind: "signature_invalid" }, signature.why);
  return prepareDelivery(body, config, { secretIndex: signature.secretIndex, requestId });
}

function refused(failure: Failure, why: string): Prepared {
  return { kind: "refused", failure, why };
}
