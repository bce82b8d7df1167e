/**
 * The envelope of a Stripe v1 event, as far as clawsettle depends on it.
 *
 * Pure: no I/O, no clock. Unknown fields are dropped, not refused: Stripe's envelopes grow.
 * https://docs.stripe.com/api/events/object
 */
import { z } from "zod";
import { eventIdSchema } from "../event-id.ts";

/** Stripe's events are some kilobytes; none comes near this. */
export const EVENT_MAX_BYTES = 1_048_576;

/** Not `z.record`, which would check each of some forty keys, of which any is allowed. */
const anyObject = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

/** Only what every event must have. Fields of `data.object` are checked by the mapping row that uses them. */
const eventSchema = z.object({
  id: eventIdSchema,
  type: z.string().min(1).max(255),
  /** Anything but a boolean counts as missing: the livemode policy then refuses the event. */
  livemode: z.boolean().nullable().catch(null),
  /** Unix seconds. */
  created: z.int().nonnegative().nullable().catch(null),
  /**
   * Kept with the event, whose record has a limit of size: what is longer
   * than any real one counts as missing.
   */
  api_version: z.string().max(255).nullable().catch(null),
  /**
   * The connected account, on Connect endpoints. Not forgiven when malformed: an
   * event without one is the platform's.
   */
  account: z
    .string()
    .min(1)
    .max(255)
    .nullish()
    .transform((value) => value ?? null),
  /** Without `previous_attributes`, which Stripe promises for few types: no money is decided by them. */
  data: z.object({ object: anyObject }),
});

export type StripeEvent = z.infer<typeof eventSchema>;

export type ParsedEvent =
  | { readonly kind: "event"; readonly event: StripeEvent }
  /**
   * A v2 "thin" event: it carries no object, so there is nothing to settle. A wrongly configured destination.
   */
  | { readonly kind: "thin" }
  /** `problems` name fields, never values: the body comes from outside. */
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export function parseEvent(body: Uint8Array): ParsedEvent {
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(body));
  } catch {
    return { kind: "invalid", problems: ["the body is not JSON in UTF-8"] };
  }
  // Before the envelope: a thin event has no `data.object`, and "invalid" would hide what is wrong.
  if (isThin(json)) return { kind: "thin" };
  const parsed = eventSchema.safeParse(json);
  if (parsed.success) return { kind: "event", event: parsed.data };
  const fields = parsed.error.issues.map((issue) => issue.path.join(".") || "the body");
  return {
    kind: "invalid",
    problems: [...new Set(fields)].map((field) => `${field} is missing or malformed`),
  };
}

function isThin(json: unknown): boolean {
  if (typeof json !== "object" || json === null) return false;
  const { object, type } = json as { object?: unknown; type?: unknown };
  return object === "v2.core.event" || (typeof type === "string" && /^v[12]\./.test(type));
}
