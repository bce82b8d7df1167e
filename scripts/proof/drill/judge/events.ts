/** Each event's state, and what Stripe was answered. */
import { isDeepStrictEqual } from "node:util";
import type { ToldEvent } from "../../histories/history.ts";
import type { EventView } from "../operator.ts";
import { fateOf } from "../plan-histories.ts";
import type { Delivered } from "../stripe.ts";
import type { Complain } from "./complaint.ts";

/** Why an event may rightly stand as failed before the operators; null: it may not. */
export function rightlyFailed(
  event: ToldEvent,
): { readonly code: string; readonly ledgerCode: string | null } | null {
  switch (fateOf(event)) {
    case "unmappable":
      return { code: "EVENT_UNMAPPABLE", ledgerCode: null };
    case "without_payment":
      return { code: "LEDGER_INGEST_FAILED", ledgerCode: "ACCOUNT_NOT_RESOLVED" };
    case "forwarded_or_overtaken":
      return { code: "LEDGER_INGEST_FAILED", ledgerCode: "INVALID_STATUS_TRANSITION" };
    case "forwarded":
    case "ignored":
      return null;
  }
}

export function judgeState(event: ToldEvent, view: EventView, complain: Complain): void {
  const fate = fateOf(event);
  const may =
    fate === "forwarded_or_overtaken" ? ["forwarded", "failed"] : [rightlyFailed(event) ? "failed" : fate];
  if (!may.includes(view.state))
    return complain(event.id, `is ${view.state}, and should be ${may.join(" or ")}`);
  if (view.state !== "failed") return;
  const reason = rightlyFailed(event);
  const { code, ledger_code } = view.last_error ?? { code: null, ledger_code: null };
  if (code !== reason?.code || ledger_code !== reason.ledgerCode) {
    complain(event.id, `is failed by ${code} ${ledger_code}, which nothing in the story explains`);
  }
}

/** A 2xx is a promise: given once for each event, in the same words for ever, and true. */
export function judgeAnswers(
  event: ToldEvent,
  view: EventView | null,
  delivered: Delivered | null,
  complain: Complain,
): void {
  const isFinal = view !== null && view.snapshot !== null;
  if (isFinal && delivered?.accepted !== true) complain(event.id, "is settled, and Stripe was never told so");
  if (!isFinal && delivered?.accepted === true) complain(event.id, "was acknowledged, and is not settled");
  const answers = [...(delivered?.answers ?? [])];
  if (answers.length > 1)
    complain(event.id, `was answered in ${answers.length} ways: ${answers.join(" | ")}`);
  if ((delivered?.firsts ?? 0) > 1) complain(event.id, `was ${delivered?.firsts} times said to be new`);
  const [answer] = answers;
  if (answer !== undefined && isFinal && !isDeepStrictEqual(JSON.parse(answer), view.snapshot)) {
    complain(event.id, `was answered ${answer}, and its snapshot is ${JSON.stringify(view.snapshot)}`);
  }
}
