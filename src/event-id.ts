/** Stripe's id of an event. It is kept and handed on, so only the characters that it is made of are accepted. */
import { z } from "zod";

export const EVENT_ID = /^evt_[A-Za-z0-9_]{1,250}$/;
export const eventIdSchema = z.string().regex(EVENT_ID);
