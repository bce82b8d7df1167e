/** What an operator's acts are answered. Types only. */
import type { EventState } from "./event-state.ts";
import type { EventRecord } from "./record.ts";

export type RetryReply =
  | { readonly kind: "retried"; readonly attempted: boolean; readonly event: EventState }
  | { readonly kind: "needs_mapping"; readonly body: Uint8Array }
  | OperatorRefusal;
export type AssignReply =
  | { readonly kind: "assigned"; readonly event: EventState }
  | { readonly kind: "needs_mapping"; readonly body: Uint8Array }
  | OperatorRefusal;
export type ResolveReply =
  | { readonly kind: "done"; readonly event: EventState }
  /** Its movement could not be closed, so nothing was; or not be opened again: ask again. */
  | { readonly kind: "unavailable" }
  | OperatorRefusal;
export type OperatorRefusal =
  | { readonly kind: "event_not_found" }
  | { readonly kind: "invalid_state"; readonly state: EventRecord["state"] };
