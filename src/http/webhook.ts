/**
 * `POST /v1/stripe/webhook`: one column of checks, in the contract's order. The header is checked before the
 * body is read, and bytes are verified before they are parsed. Nothing before the last step touches an
 * event's object, and a forged request leaves no trace but a log line, and a count if it is too large to be
 * checked. What Stripe signed and is refused all the same leaves two: Stripe gives it up after three days, so
 * somebody must notice before.
 */
import { type Config, loadConfig } from "../config.ts";
import { acceptedConfig } from "../stored-settings/accepted-config.ts";
import { deliver } from "../delivery/deliver.ts";
import { prepareDelivery, type Prepared } from "../delivery/prepare.ts";
import type { Failure } from "../errors.ts";
import type { DeliveryAnswer } from "../event/delivery-answer.ts";
import { countUnlisted } from "../event-index/call-shards.ts";
import { log, logSampled } from "../log.ts";
import type { Result } from "../result.ts";
import { checkHeader, verifySignature } from "../stripe/signature.ts";
import { readBody } from "./body.ts";
import { countRefusal } from "./count-refusal.ts";
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
  if (!configured.ok) return unconfigured(configured, requestId);
  const { config } = configured;
  const received = await receive(request, config, requestId, startedAt);
  if (received.kind === "unproven") {
    const { failure, why } = received;
    logSampled("warn", refusedLine(requestId, failure, why), Math.random());
    return { ok: false, failure };
  }
  // Not earlier: a forged request must not reach any object.
  const accepted = await acceptedConfig(env);
  if (!accepted.ok) return unconfigured(accepted, requestId);
  if (received.kind === "refused") {
    const { failure, why } = received;
    log("warn", refusedLine(requestId, failure, why));
    countRefusal({ env, background }, config, failure.kind);
    return { ok: false, failure };
  }
  if (received.kind === "not_listed") {
    const index = { env, shards: config.indexShards };
    background(countUnlisted(index, received.stripe_account, startedAt));
    return { ok: true, value: notListed(received, requestId) };
  }
  const delivered = await deliver(env, received.delivery, startedAt);
  if (!delivered.ok) return { ok: false, failure: { kind: "event_object_unavailable" } };
  const reply = delivered.value;
  if (reply.kind !== "ok") return { ok: false, failure: reply };
  const { ok, ...rest } = reply.snapshot;
  return { ok: true, value: { ok, deduped: reply.deduped, ...rest } };
}

function unconfigured(
  { missing, invalid }: { readonly missing: readonly string[]; readonly invalid: readonly string[] },
  requestId: string,
): Result<never, Failure> {
  log("error", { msg: "unconfigured", request_id: requestId, missing: [...missing, ...invalid].join(",") });
  return { ok: false, failure: { kind: "dependency_not_configured", missing, invalid } };
}

function refusedLine(requestId: string, { kind }: Failure, why: string) {
  return { msg: "delivery_refused", request_id: requestId, refusal: kind, why };
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

/** Anybody can have sent it. `why` is for the log. */
type Unproven = { readonly kind: "unproven"; readonly failure: Failure; readonly why: string };

/** Everything that needs no state. */
async function receive(
  request: Request,
  config: Config,
  requestId: string,
  nowMs: number,
): Promise<Prepared | Unproven> {
  const { signingSecrets, signatureToleranceSeconds: toleranceSeconds, webhookBodyMaxBytes } = config;
  const header = checkHeader(request.headers.get("stripe-signature"), { toleranceSeconds, nowMs });
  if (header.kind === "refused") return unproven({ kind: "signature_invalid" }, header.why);
  const body = await readBody(request, webhookBodyMaxBytes).catch(() => "broken_off" as const);
  if (body === "broken_off") {
    return unproven({ kind: "invalid_request", problems: ["the body broke off"] }, body);
  }
  if (body === null) {
    // Not proven to be Stripe's, but if it is, this is money that nobody will see again.
    const failure = { kind: "payload_too_large", limitBytes: webhookBodyMaxBytes } as const;
    return { kind: "refused", failure, why: "too_large" };
  }
  const signature = await verifySignature(header, body, signingSecrets);
  if (signature.kind === "refused") return unproven({ kind: "signature_invalid" }, signature.why);
  return prepareDelivery(body, config, { secretIndex: signature.secretIndex, requestId });
}

function unproven(failure: Failure, why: string): Unproven {
  return { kind: "unproven", failure, why };
}
