/** The look-ups at Stripe's API that this deployment is configured for. */
import type { Config } from "../config.ts";
import type { StripeLookups } from "./port.ts";

/** null: there is no key. */
export function connectStripeLookups({ stripeApi }: Config): StripeLookups | null {
  return stripeApi === null ? null : null;
}
