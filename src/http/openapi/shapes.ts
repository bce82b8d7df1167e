/** What several answers have in common, as the document shows it. */
import { z } from "zod";

/** Each takes all values of the other. */
export type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
export type AllTrue<Checks extends readonly true[]> = Checks;

export const time = z.iso.datetime();
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const count = z.int().nonnegative();
export const minorUnits = z
  .string()
  .regex(/^-?[0-9]+$/)
  .meta({ description: "An integer in minor units of the currency, as text." });
export const currency = z.string().regex(/^[A-Z]{3}$/);
