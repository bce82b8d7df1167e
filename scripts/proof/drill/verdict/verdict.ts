/**
 * Do Stripe's truth, clawsettle's states and the ledger's books agree, event by event? Pure: evidence in,
 * disagreements out. What is true comes from the plan of the drill alone; nothing of the service's own code
 * has a part in the verdict.
 */
import type { Evidence } from "../evidence.ts";
import type { Disagree, Disagreement } from "./disagreement.ts";
import { checkAnswers, checkState } from "./events.ts";
import { checkBalances, checkSettlements } from "./ledger.ts";
import { checkList } from "./list.ts";
import { checkRequests } from "./requests.ts";

export function verdict(evidence: Evidence): Disagreement[] {
  const found: Disagreement[] = [];
  const disagree: Disagree = (about, what) => void found.push({ about, what });
  for (const event of evidence.events) {
    const view = evidence.views.get(event.id);
    if (view === undefined)
      disagree(event.id, "is lost: Stripe has sent it, and clawsettle does not know it");
    else checkState(event, view, disagree);
    checkAnswers(event, view ?? null, evidence.delivered.get(event.id) ?? null, disagree);
  }
  checkRequests(evidence, disagree);
  checkSettlements(evidence, disagree);
  checkBalances(evidence, disagree);
  checkList(evidence, disagree);
  return found;
}
