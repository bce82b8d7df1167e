/** What several answers have in common, as the document at `/openapi.json` shows it. Pure. */
import { z } from "zod";

export const isoTimeSchema = z.iso.datetime();
export const sha256HexSchema = z.string().regex(/^[0-9a-f]{64}$/);
export const countSchema = z.int().nonnegative();
export const minorUnitsSchema = z
  .string()
  .regex(/^-?[0-9]+$/)
  .meta({ description: "An integer in minor units of the currency, as text." });
export const decimalSchema = z
  .string()
  .regex(/^-?[0-9]+(\.[0-9]+)?$/)
  .meta({ description: "The same amount with the currency's decimals." });
export const currencySchema = z.string().regex(/^[A-Z]{3}$/);
