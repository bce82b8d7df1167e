/** The states of an event. Pure. */
import { z } from "zod";

/** Neither settled nor closed: something has still to happen, by itself or by an operator. */
export const OPEN_STATES = ["received", "forwarding", "failed"] as const;
export const FINAL_STATES = ["forwarded", "resolved", "ignored"] as const;
export const STATES = [...OPEN_STATES, ...FINAL_STATES] as const;

export const stateSchema = z.enum(STATES);
export type State = z.infer<typeof stateSchema>;
