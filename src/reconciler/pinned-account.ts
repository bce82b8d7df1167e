/**
 * The Stripe account whose money this deployment settles. A key of another account would book that account's
 * money within minutes, so it is pinned once, and every run asks first whose its key is. Pure.
 */
import { z } from "zod";
import { storedFormat } from "../stored-version.ts";

export const ownAccountSchema = z.strictObject({ id: z.string(), livemode: z.boolean() });

export const pinnedAccountSchema = ownAccountSchema.extend({
  /** Who confirmed it; null: an operator's run without a name. */
  actor: z.string().nullable(),
  /** Epoch milliseconds. */
  pinned_at: z.int(),
});

/** Version 0 had the same fields. */
export const storedAccount = storedFormat("pinned account", pinnedAccountSchema, [
  (stored: object) => stored,
]);

export type OwnAccount = z.infer<typeof ownAccountSchema>;
export type PinnedAccount = z.infer<typeof pinnedAccountSchema>;

export function isSameAccount(a: OwnAccount, b: OwnAccount): boolean {
  return a.id === b.id && a.livemode === b.livemode;
}
