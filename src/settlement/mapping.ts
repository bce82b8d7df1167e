/** What an event can mean. Pure. */
import { z } from "zod";
import type { Question } from "./questions.ts";
import type { IgnoredReason, UnmappableReason } from "./reasons.ts";
import { type Settlement, type SettlementDraft, settlementDraftSchema } from "./settlement.ts";

/** What can be read of a movement that cannot be settled. */
export const readableMoneySchema = settlementDraftSchema
  .pick({ direction: true, external_payment_id: true, currency: true })
  .extend({ amount_minor: z.string(), account_id: z.string(), source_payment_id: z.string() })
  .partial();

export type ReadableMoney = z.infer<typeof readableMoneySchema>;

export type Mapping =
  | { readonly kind: "settlement"; readonly settlement: Settlement }
  /** The attempt must find this out first. */
  | { readonly kind: "question"; readonly draft: SettlementDraft; readonly question: Question }
  | { readonly kind: "ignored"; readonly reason: IgnoredReason }
  | { readonly kind: "unmappable"; readonly reason: UnmappableReason; readonly money: ReadableMoney };

export type MoneyMapping = Extract<Mapping, { kind: "settlement" | "question" }>;

export function movesMoney(mapping: Mapping): mapping is MoneyMapping {
  return mapping.kind === "settlement" || mapping.kind === "question";
}
