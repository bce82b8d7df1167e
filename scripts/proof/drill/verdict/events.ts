/** Each event's state, and what Stripe was answered. */
import { isDeepStrictEqual } from "node:util";
import type { HistoryEvent } from "../../histories/history.ts";
import type { EventState } from "../../../../src/event/event-state.ts";
import { expectedEnd, rightfulError } from "../expected-end.ts";
import type { Delivered } from "../stripe-sender.ts";
import type { Disagree } from "./disagreement.ts";

export function checkState(event: HistoryEvent, view: EventState, disagree: Disagree): void {
  const end = expectedEnd(event);
  const may =
    end === "forwarded_or_overtaken" ? ["forwarded", "ignored"] : [rightfulError(event) ? "failed" : end];
  if (!may.includes(view.state))
    return disagree(event.id, `is ${view.state}, and should be ${may.join(" or ")}`);
  if (view.state !== "failed") return;
  const reason = rightfulError(event);
  const { code, ledger_code } = view.last_error ?? { code: null, ledger_code: null };
  if (code !== reason?.code || ledger_code !== reason.ledgerCode) {
    disagree(event.id, `is failed by ${code} ${ledger_code}, which nothing in the plan explains`);
  }
}

/** A 2xx is a promise: given once for each event, always with the same body, and true. */
export function checkAnswers(
  event: HistoryEvent,
  view: EventState | null,
  delivered: Delivered | null,
  disagree: Disagree,
): void {
  const isFinal = view !== null && view.snapshot !== null;
  if (isFinal && delivered?.accepted !== true) disagree(event.id, "is settled, and Stripe never got a 2xx");
  if (!isFinal && delivered?.accepted === true) disagree(event.id, "was acknowledged, and is not settled");
  const answers = [...(delivered?.answers ?? [])];
  if (answers.length > 1)
    disagree(event.id, `was answered in ${answers.length} ways: ${answers.join(" | ")}`);
  if ((delivered?.firsts ?? 0) > 1) disagree(event.id, `was ${delivered?.firsts} times answered as new`);
  const [answer] = answers;
  if (answer !== undefined && isFinal && !isDeepStrictEqual(JSON.parse(answer), view.snapshot)) {
    disagree(event.id, `was answered ${answer}, and its snapshot is ${JSON.stringify(view.snapshot)}`);
  }
}
