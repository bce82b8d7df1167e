/** Stripe's id of an event. */
import { z } from "zod";

export const EVENT_ID = /^evt_[A-Za-z0-9_]{1,250}$/;
export const eventIdSchema = z.string().regex(EVENT_ID);
