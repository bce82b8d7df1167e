/**
 * From the bytes of an event to the delivery for its object, whichever way the event came: in a signed request, or in a
 * list of Stripe's API. The checks after authentication are the same, in the contract's order.
 */
import { sha256 } from "../bytes.ts";
import type { Config } from "../config.ts";
import type { Failure } from "../errors.ts";
import type { Delivery } from "../event/machine-types.ts";
import { mapEvent } from "../settlement/map.ts";
import { parseEvent } from "../stripe/event.ts";
import { checkLivemode } from "../stripe/livemode.ts";

export type Prepared =
  | { readonly ok: true; readonly delivery: Delivery }
  /** `why` is for the log. */
  | { readonly ok: false; readonly failure: Failure; readonly why: string };

export interface Source {
  /** The position of the signing secret that verified the bytes; null: Stripe's API listed the event. */
  readonly secretIndex: number | null;
  readonly requestId: string;
}

/** The caller answers for the bytes being Stripe's. */
export async function prepareDelivery(
  body: Uint8Array<ArrayBuffer>,
  config: Config,
  { secretIndex, requestId }: Source,
): Promise<Prepared> {
  const parsed = parseEvent(body);
  if (parsed.kind === "thin") return refused({ kind: "thin_event_unsupported" }, "thin");
  if (parsed.kind === "invalid") {
    return refused({ kind: "invalid_request", problems: parsed.problems }, parsed.problems.join("; "));
  }
  const { event } = parsed;
  const mode = checkLivemode(event.livemode, config);
  if (mode.kind === "refused") {
    const { settle_env, expected_livemode, event_livemode } = mode;
    return refused(
      { kind: "livemode_mismatch", settle_env, expected_livemode, event_livemode },
      `${event.id} livemode ${String(event_livemode)}`,
    );
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
    secret_index: secretIndex,
    // Kept only where it is all that is left to repair the event from: it holds personal data.
    body: mapping.kind === "unmappable" ? body : null,
    request_id: requestId,
  };
  return { ok: true, delivery };
}

function refused(failure: Failure, why: string): Prepared {
  return { ok: false, failure, why };
}
