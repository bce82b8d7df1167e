/**
 * Do Stripe's truth, clawsettle's states and the ledger's books agree, event by event? Pure: evidence in, disagreements
 * out. What is true comes from the story alone; nothing of the service's own code has a part in the verdict.
 */
import type { Evidence } from "../evidence.ts";
import { judgeBalances, judgeSettlements } from "./books.ts";
import type { Complain, Disagreement } from "./complaint.ts";
import { judgeAnswers, judgeState } from "./events.ts";
import { judgeIndex } from "./mirror.ts";
import { judgeRequests } from "./requests.ts";

export function judge(evidence: Evidence): Disagreement[] {
  const found: Disagreement[] = [];
  const complain: Complain = (about, what) => void found.push({ about, what });
  for (const event of evidence.events) {
    const view = evidence.views.get(event.id);
    if (view === undefined)
      complain(event.id, "is lost: Stripe has told of it, and clawsettle does not know it");
    else judgeState(event, view, complain);
    judgeAnswers(event, view ?? null, evidence.delivered.get(event.id) ?? null, complain);
  }
  judgeRequests(evidence, complain);
  judgeSettlements(evidence, complain);
  judgeBalances(evidence, complain);
  judgeIndex(evidence, complain);
  return found;
}
