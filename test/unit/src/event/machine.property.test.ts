/** Whatever happens, in whatever order: what holds of every record that the machine makes. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keptUntil } from "../../../../src/event/kept-until.ts";
import { transition, wakeAt } from "../../../../src/event/machine.ts";
import { ATTEMPT_LOG_LIMIT, type EventRecord, isFinal, isInAttempt } from "../../../../src/event/record.ts";
import { parseRecord } from "../../../../src/event/stored-record.ts";
import type { LedgerRefusal, SettleOutcome } from "../../../../src/ledger/port.ts";
import type { Context, Input, Step } from "../../../../src/event/machine-types.ts";
import type { Answer } from "../../../../src/settlement/questions.ts";
import { payloadOf } from "../../../../src/event/view.ts";
import {
  ACCEPTED,
  at,
  BUSY,
  delivered,
  EVERY_STATE,
  HOUR,
  IGNORED,
  ASKING,
  MONEY,
  PAYIN_HELD,
  POLICY,
  REJECTED,
  RESOLVED,
  retried,
  SECOND,
  SETTLEMENT,
  UNAVAILABLE,
  UNPROVEN,
  UNKNOWN,
  UNMAPPABLE,
} from "../../../support/records.ts";

interface Event {
  readonly input: (record: EventRecord | null) => Input;
  readonly name: string;
  /** Since the event before, in milliseconds. Negative: the clock was set back. */
  readonly after: number;
  readonly random: number;
  /** Whether the instance that began the attempt still lives. */
  readonly alive: boolean;
}

interface Taken {
  readonly event: Event;
  readonly before: EventRecord | null;
  readonly context: Context;
  readonly step: Step;
}

const OTHER_MONEY = { kind: "settlement", settlement: { ...SETTLEMENT, amount_minor: "99" } } as const;
const SAME_MONEY_OTHER_TIME = {
  kind: "settlement",
  settlement: { ...SETTLEMENT, settled_at: "2027-01-15T08:00:00Z" },
} as const;

const OVERTAKEN = { kind: "overtaken", ledger_status: 409 } as const;
const MOVEMENT_RESOLVED = { kind: "movement_resolved" } as const;

const mappings = fc.constantFrom(MONEY, SAME_MONEY_OTHER_TIME, OTHER_MONEY, ASKING, IGNORED, UNMAPPABLE);
const outcomes = fc.constantFrom<SettleOutcome>(
  ACCEPTED,
  REJECTED,
  UNAVAILABLE,
  UNKNOWN,
  UNPROVEN,
  BUSY,
  OVERTAKEN,
  MOVEMENT_RESOLVED,
  {
    ...UNAVAILABLE,
    retry_after_ms: 31 * 24 * HOUR,
  },
);
const answers = fc.constantFrom<Answer | LedgerRefusal>(
  { kind: "held", held: PAYIN_HELD.settlement },
  { kind: "held", held: { ...PAYIN_HELD.settlement, account_id: "acc_2" } },
  { kind: "held", held: { ...PAYIN_HELD.settlement, status: "failed" } },
  { kind: "held", held: null },
  REJECTED,
  UNAVAILABLE,
  UNKNOWN,
);
/** Mostly the attempt under way; sometimes one that is long closed. */
const staleness = fc.constantFrom(0, 0, 0, 1);

const always = (input: Input) => ({ name: input.kind, input: () => input });
const acts: fc.Arbitrary<Pick<Event, "input" | "name">> = fc.oneof(
  mappings.map((mapping) => always(delivered({ mapping }))),
  fc.constant(always({ kind: "alarm" })),
  fc.constant(always({ kind: "poke" })),
  fc.tuple(outcomes, staleness).map(([outcome, late]) => ({
    name: `outcome ${outcome.kind}`,
    input: (record: EventRecord | null) =>
      ({ kind: "outcome", attempt: (record?.attempts ?? 0) - late, outcome }) as const,
  })),
  fc.tuple(answers, staleness).map(([answer, late]) => ({
    name: `answer ${answer.kind}`,
    input: (record: EventRecord | null) =>
      ({ kind: "answer", attempt: (record?.attempts ?? 0) - late, answer }) as const,
  })),
  fc
    .tuple(fc.constantFrom("healing" as const, "any" as const), fc.option(mappings, { nil: null }))
    .map(([scope, mapping]) => always(retried({ scope, mapping }))),
  fc.option(mappings, { nil: null }).map((mapping) =>
    always({
      kind: "operator_assign",
      assignment: { account_id: "acc_1", actor: "ana", note: "hers", mapping },
    }),
  ),
  fc.constant(always(RESOLVED)),
  fc.constant(always({ kind: "operator_reopen", actor: "ana", note: "it was not" })),
);

const events: fc.Arbitrary<Event> = fc
  .record({
    act: acts,
    after: fc.oneof(
      fc.constantFrom(0, 1, 5 * SECOND, 15 * SECOND, HOUR, 72 * HOUR, 720 * HOUR),
      fc.integer({ min: -HOUR, max: 10 * HOUR }),
    ),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    alive: fc.boolean(),
  })
  .map(({ act, after, random, alive }) => ({ input: act.input, name: act.name, after, random, alive }));

const starts = fc.constantFrom(null, ...Object.values(EVERY_STATE).map((state) => state()));

/** Plays the events as the engine would, but with nobody to hold the order of things. */
function play(start: EventRecord | null, sequence: readonly Event[]): Taken[] {
  const taken: Taken[] = [];
  let record = deepFreeze(start);
  let now = 0;
  for (const event of sequence) {
    now = Math.max(0, now + event.after);
    const inFlight = event.alive && record !== null && isInAttempt(record);
    const context = at(now, { random: event.random, inFlight });
    const step = transition(record, event.input(record), context);
    taken.push({ event, before: record, context, step });
    record = kinds(step).includes("purge") ? null : deepFreeze(step.record);
  }
  return taken;
}

/** The shortest sequence found whose last step breaks the claim, or null. */
function counterexample(claim: (taken: Taken) => boolean): string | null {
  const sequences = fc.array(events, { minLength: 1, maxLength: 30 });
  const property = fc.property(starts, sequences, (start, sequence) => {
    const broken = play(start, sequence).find((taken) => !claim(taken));
    if (broken !== undefined) throw new Error(`${broken.event.name}: ${JSON.stringify(broken, null, 1)}`);
  });
  return fc.defaultReportMessage(fc.check(property, { numRuns: 500 })) ?? null;
}

/** A machine that changed what it was given would change what the store has already committed. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

const kinds = (step: Step) => step.effects.map(({ kind }) => kind);

describe("any sequence of inputs, from any state", () => {
  it("each record is one that the store can read again", () => {
    expect(
      counterexample(({ step }) => step.record === null || parseRecord(step.record) !== null),
    ).toBeNull();
  });

  it("forwarded is never left, and neither its bytes nor its settlement ever change", () => {
    expect(
      counterexample(({ before, step }) => {
        if (before?.state !== "forwarded") return true;
        const { payload, settlement_id } = before;
        const after = step.record;
        return (
          after?.state === "forwarded" && after.payload === payload && after.settlement_id === settlement_id
        );
      }),
    ).toBeNull();
  });

  it("no final state is ever left, but ignored for a delivery that means money, and resolved by who reopens it", () => {
    expect(
      counterexample(({ event, before, step }) => {
        if (before === null || !isFinal(before) || step.record?.state === before.state) return true;
        if (before.state === "resolved")
          return event.name === "operator_reopen" && step.record?.state === "failed";
        return before.state === "ignored" && event.name === "delivery" && kinds(step).includes("attempt");
      }),
    ).toBeNull();
  });

  it("frozen bytes never change while they may still be sent", () => {
    expect(
      counterexample(({ before, step }) => {
        const frozen = before === null || step.record?.state === "ignored" ? null : payloadOf(before);
        return frozen === null || (step.record !== null && payloadOf(step.record) === frozen);
      }),
    ).toBeNull();
  });

  it("an event never ceases to exist but by its purge", () => {
    expect(counterexample(({ before, step }) => before === null || step.record !== null)).toBeNull();
  });

  it("revision, deliveries and attempts never decrease, and revision grows with each change of state", () => {
    expect(
      counterexample(({ before, event: { name }, step: { record } }) => {
        if (before === null || record === null) return true;
        const grew = record.state === before.state || record.revision > before.revision;
        // A busy lane sent nothing: the attempt that was begun does not count.
        const uncounted = name === "outcome busy" ? 1 : 0;
        return (
          grew &&
          record.revision >= before.revision &&
          record.deliveries >= before.deliveries &&
          record.attempts >= before.attempts - uncounted
        );
      }),
    ).toBeNull();
  });

  it("what the index would show never changes without a higher revision", () => {
    const shown = (record: EventRecord) =>
      JSON.stringify([
        record.state,
        record.attempts,
        record.updated_at,
        payloadOf(record),
        wakeAt(record, POLICY),
      ]);
    expect(
      counterexample(({ before, step: { record } }) => {
        if (before === null || record === null || shown(before) === shown(record)) return true;
        return record.revision > before.revision;
      }),
    ).toBeNull();
  });

  it("each delivery is counted once, and nothing else is counted as one", () => {
    expect(
      counterexample(({ event, before, step }) => {
        const expected = (before?.deliveries ?? 0) + (event.name === "delivery" ? 1 : 0);
        return step.record === null || step.record.deliveries === expected;
      }),
    ).toBeNull();
  });

  it("only failures for good sleep without a time to wake", () => {
    expect(
      counterexample(({ step: { record } }) => {
        if (record === null || wakeAt(record, POLICY) !== null) return true;
        return record.state === "failed" && (record.cause !== "ledger" || record.next_retry_at === null);
      }),
    ).toBeNull();
  });

  it("only a final event whose retention has passed is purged", () => {
    expect(
      counterexample(({ before, context, step }) => {
        if (!kinds(step).includes("purge")) return true;
        return before !== null && isFinal(before) && context.now >= keptUntil(before, POLICY);
      }),
    ).toBeNull();
  });

  it("an attempt begins only on a record in attempt, never while one is in flight, and with its alarm before it", () => {
    expect(
      counterexample(({ context, before, step }) => {
        if (!kinds(step).includes("attempt")) return true;
        const { record } = step;
        if (context.inFlight || record === null || !isInAttempt(record)) return false;
        return (
          record.attempts === (before?.attempts ?? 0) + 1 &&
          step.effects[0]?.kind === "set_alarm" &&
          step.effects[0].at === record.attempt.lease_expires_at &&
          step.effects[1]?.kind === "attempt"
        );
      }),
    ).toBeNull();
  });

  it("a record comes into an attempt only by beginning one, or by an answer", () => {
    expect(
      counterexample(({ event, before, step }) => {
        const begun =
          step.record !== null && isInAttempt(step.record) && !(before !== null && isInAttempt(before));
        return !begun || (kinds(step).includes("attempt") && !event.name.startsWith("answer"));
      }),
    ).toBeNull();
  });

  it("a record comes to rest only together with its row for the index", () => {
    expect(
      counterexample(({ before, step }) => {
        const { record } = step;
        if (record === null || isInAttempt(record)) return true;
        const moved = before === null || record.revision !== before.revision;
        return !moved || kinds(step).includes("publish");
      }),
    ).toBeNull();
  });

  it("the log holds the last closed attempts, in order, with the last one closed at its end", () => {
    expect(
      counterexample(({ before, step: { record } }) => {
        if (record === null || before === null) return true;
        const numbers = record.log.map(([attempt]) => attempt);
        const grew = record.log !== before.log;
        return (
          numbers.length <= ATTEMPT_LOG_LIMIT &&
          numbers.every((n, i) => i === 0 || n > (numbers[i - 1] as number)) &&
          (!grew || numbers.at(-1) === before.attempts)
        );
      }),
    ).toBeNull();
  });

  it("a next attempt is never promised for later than the horizon", () => {
    expect(
      counterexample(({ step: { record } }) => {
        if (record?.state !== "failed" || record.cause !== "ledger" || record.next_retry_at === null)
          return true;
        const retries = record.actions.filter(({ action }) => action !== "resolve");
        const from = Math.max(record.received_at, ...retries.map((action) => action.at));
        // The effect is looked for over a whole minute, however late that begins; and who met a busy
        // lane has not had the last attempt.
        const later = { unproven: 60 * SECOND, busy: POLICY.retryMaxMs };
        const allowed = later[record.error.outcome as keyof typeof later] ?? 0;
        return record.next_retry_at <= Math.max(from + POLICY.retryHorizonMs, record.updated_at + allowed);
      }),
    ).toBeNull();
  });
});
