/** What came of a question that the attempt had to ask first. Pure. */
import type { LedgerRefusal } from "../../ledger/port.ts";
import { type Answer, conclude } from "../../settlement/questions.ts";
import { freeze } from "../../settlement/settlement.ts";
import { type EventRecord } from "../record.ts";
import { moneyOf } from "../record-money.ts";
import type { Context, Step } from "../machine-types.ts";
import { changed, closeAttempt, commonOf, quiet } from "./attempt.ts";
import { isCurrent, onRefusal, stale } from "./outcome.ts";

/**
 * received → forwarding, with the payload frozen: every later attempt sends
 * these bytes. Or the end of the attempt.
 */
export function onAnswer(
  record: EventRecord | null,
  attempt: number,
  answer: Answer | LedgerRefusal,
  context: Context,
): Step {
  if (!isCurrent(record, attempt) || record.state !== "received") return stale(record);
  const { work } = record;
  if (isRefusal(answer)) return onRefusal(record, answer, context);
  const conclusion = conclude(work.draft, work.question, answer);
  switch (conclusion.kind) {
    case "settlement": {
      const next: EventRecord = {
        ...changed(commonOf(record), context.now),
        state: "forwarding",
        work: { kind: "frozen", payload: freeze(conclusion.settlement) },
        attempt: record.attempt,
      };
      return { record: next, effects: [], verdict: "done" };
    }
    case "question":
      return quiet({ ...record, work: { ...work, question: conclusion.question } }, "done");
    case "wait": {
      const { code: ledger_code } = conclusion;
      const refusal = { kind: "unavailable", ledger_status: 404, ledger_code, retry_after_ms: null } as const;
      return onRefusal(record, refusal, context);
    }
    case "ignored": {
      const closed = closeAttempt(record, "ignored", null, context.now);
      return over({ ...closed, state: "ignored", reason: conclusion.reason });
    }
    case "unmappable": {
      const closed = closeAttempt(record, "unmappable", null, context.now);
      const { account_id: _, ...money } = moneyOf(record);
      const { reason } = conclusion;
      return over({ ...closed, state: "failed", cause: "unmappable", reason, money, body: work.body });
    }
  }
}

function over(record: EventRecord): Step {
  return { record, effects: [{ kind: "publish" }], verdict: "done" };
}

function isRefusal(answer: Answer | LedgerRefusal): answer is LedgerRefusal {
  return answer.kind === "rejected" || answer.kind === "unavailable" || answer.kind === "unknown";
}
