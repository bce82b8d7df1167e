/**
 * From the bytes of an event to the delivery for its object, whichever way the event came: in a signed
 * request, or in a list of Stripe's API. The checks after authentication are the same, in the contract's
 * order.
 */
import { sha256 } from "../bytes.ts";
import type { Config } from "../config.ts";
import type { Failure } from "../errors.ts";
import type { Delivery } from "../event/machine-types.ts";
import { mapEvent, type MapOptions } from "../settlement/map.ts";
import { parseEvent } from "../stripe/event.ts";
import { checkLivemode } from "../stripe/livemode.ts";

export type Prepared =
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  /** Of a connected account whose events are not settled here, in whichever mode it is. */
  | {
      readonly kind: "not_listed";
      readonly event_id: string;
      readonly event_type: string;
      readonly stripe_account: string;
    }
  /** `why` is for the log. */
  | { readonly kind: "refused"; readonly failure: RefusedDelivery; readonly why: string };

/** For what a delivery is refused that is known, or may be thought, to be Stripe's. */
export type RefusedDelivery = Extract<
  Failure,
  { kind: "payload_too_large" | "invalid_request" | "thin_event_unsupported" | "livemode_mismatch" }
>;

export interface Source {
  /** The position of the signing secret that verified the bytes; null: nobody signed them. */
  readonly secretIndex: number | null;
  /** Of an event that Stripe has not made. Else Stripe sent it, or its API listed it. */
  readonly sentBy?: Delivery["sent_by"];
  readonly requestId: string;
}

/** The caller answers for the bytes being Stripe's. */
export async function prepareDelivery(
  body: Uint8Array<ArrayBuffer>,
  config: Config,
  { secretIndex, sentBy, requestId }: Source,
): Promise<Prepared> {
  const parsed = parseEvent(body);
  if (parsed.kind === "thin") return refused({ kind: "thin_event_unsupported" }, "thin");
  if (parsed.kind === "invalid") {
    return refused({ kind: "invalid_request", problems: parsed.problems }, parsed.problems.join("; "));
  }
  const { event } = parsed;
  // Whoever owns the account decides what stands in its objects, also whose account they name.
  if (event.account !== null && !config.connectedAccounts.has(event.account)) {
    const { id: event_id, type: event_type, account: stripe_account } = event;
    return { kind: "not_listed", event_id, event_type, stripe_account };
  }
  const mode = checkLivemode(event.livemode, config);
  if (mode.kind === "refused") {
    const { settle_env, expected_livemode, event_livemode } = mode;
    return refused(
      { kind: "livemode_mismatch", settle_env, expected_livemode, event_livemode },
      `${event.id} livemode ${String(event_livemode)}`,
    );
  }
  const mapping = mapEvent(event, mapOptionsOf(config));
  const delivery: Delivery = {
    event_id: event.id,
    event_type: event.type,
    livemode: mode.livemode,
    api_version: event.api_version,
    stripe_account: event.account,
    mapping,
    body_sha256: await sha256(body),
    secret_index: secretIndex,
    ...(sentBy !== undefined && { sent_by: sentBy }),
    // Kept only while it may be needed to repair the event: it holds personal data.
    body: mapping.kind === "unmappable" || mapping.kind === "question" ? body : null,
    request_id: requestId,
  };
  return { kind: "delivery", delivery };
}

/** How this deployment maps. */
export function mapOptionsOf({ accountKey, stripeApi }: Config): MapOptions {
  return { accountKey, asksStripe: stripeApi !== null };
}

function refused(failure: RefusedDelivery, why: string): Prepared {
  return { kind: "refused", failure, why };
}
