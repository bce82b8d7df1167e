/** Puts an attempt's question to whoever can answer it. Over ports. */
import type { LedgerRefusal, SettlementLookup } from "../ledger/port.ts";
import type { Answer, Question } from "../settlement/questions.ts";
import type { StripeUnavailable } from "../stripe-api/port.ts";
import type { Ports } from "./ports.ts";

/** Without a key for Stripe's API nothing is found there. Never rejects. */
export async function ask(
  question: Question,
  { ledger, stripe }: Pick<Ports, "ledger" | "stripe">,
): Promise<Answer | LedgerRefusal> {
  switch (question.kind) {
    case "payin":
      return heldOf(await ledger.findSettlement(question.payment, "payin"));
    case "debit":
      return heldOf(await ledger.findSettlement(question.refund, "refund"));
    case "account": {
      const { kind: _, ...payment } = question;
      const found = stripe === null ? ({ kind: "none" } as const) : await stripe.findAccount(payment);
      if (found.kind === "unavailable") return refusalOf(found);
      return { kind: "account", found: found.kind === "none" ? null : found };
    }
    case "category": {
      const { transaction, stripe_account } = question;
      if (stripe === null || transaction === null) return { kind: "category", reporting_category: null };
      const found = await stripe.findReportingCategory(transaction, stripe_account);
      if (found.kind === "unavailable") return refusalOf(found);
      return {
        kind: "category",
        reporting_category: found.kind === "none" ? null : found.reporting_category,
      };
    }
  }
}

function heldOf(lookup: SettlementLookup): Answer | LedgerRefusal {
  if (lookup.kind === "found") return { kind: "held", held: lookup.settlement };
  return lookup.kind === "absent" ? { kind: "held", held: null } : lookup;
}

/** A wrong key heals too: somebody will repair it. */
function refusalOf({ retry_after_ms }: StripeUnavailable): LedgerRefusal {
  return { kind: "unavailable", ledger_status: null, ledger_code: "STRIPE_API_UNAVAILABLE", retry_after_ms };
}
