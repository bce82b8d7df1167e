/**
 * The environment policy: may an event of this mode settle here?
 *
 * Test money in the production ledger would be credited as if it were real, and live money in staging would
 * be credited nowhere that counts. A live Connect endpoint receives events of both modes, so this is no mere
 * typing error of the configuration. Fails closed: what is not known to fit is refused.
 *
 * Pure: no I/O, no clock.
 */
export interface LivemodePolicy {
  readonly settleEnv: "staging" | "production";
  /** Only production asks it. */
  readonly allowTestmodeEventsInProd: boolean;
}

export type LivemodeCheck =
  | { readonly kind: "fits"; readonly livemode: boolean }
  | {
      readonly kind: "refused";
      /** For the answer's `details`. */
      readonly settle_env: string;
      readonly expected_livemode: boolean;
      readonly event_livemode: boolean | null;
    };

/** `livemode`: null when the event does not say. */
export function checkLivemode(livemode: boolean | null, policy: LivemodePolicy): LivemodeCheck {
  if (livemode !== null && isAllowed(livemode, policy)) return { kind: "fits", livemode };
  return {
    kind: "refused",
    settle_env: policy.settleEnv,
    expected_livemode: policy.settleEnv === "production",
    event_livemode: livemode,
  };
}

function isAllowed(livemode: boolean, policy: LivemodePolicy): boolean {
  switch (policy.settleEnv) {
    case "staging":
      return !livemode;
    case "production":
      return livemode || policy.allowTestmodeEventsInProd;
    default:
      return false;
  }
}
