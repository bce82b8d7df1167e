import { describe, expect, it } from "vitest";
import { perfectEvidence } from "./perfect.ts";
import type { Evidence } from "../../../../../scripts/proof/drill/evidence.ts";
import { recoveryNumbers, STAMPEDE_FACTOR, spreadOf } from "../../../../../scripts/proof/drill/numbers.ts";
import { planRounds } from "../../../../../scripts/proof/drill/plan-rounds.ts";
import { expectedEnd } from "../../../../../scripts/proof/drill/expected-end.ts";
import { planDrill } from "../../../../../scripts/proof/drill/plan-drill.ts";
import { Random } from "../../../../../scripts/lib/random.ts";

const RATE = 10;
const AWAY = { kind: "down", from: 1_000_000, until: 1_060_000, atRestAt: 1_100_000 } as const;

const drillPlan = planDrill(new Random(1), 100, 3);
const sound = perfectEvidence(drillPlan);

function requestsAt(times: readonly number[]): Evidence["requests"] {
  return times.map((time) => ({ ...sound.requests[0]!, received_at: new Date(time).toISOString() }));
}

describe("the recovery from an outage", () => {
  it.each([
    ["as many requests in one second as are allowed", RATE * STAMPEDE_FACTOR, false],
    ["one more", RATE * STAMPEDE_FACTOR + 1, true],
  ])("%s → stampede %s", (_title, count, stampede) => {
    const requests = requestsAt(Array.from({ length: count }, () => AWAY.until + 3_999));
    const numbers = recoveryNumbers(AWAY, { ...sound, requests }, RATE);
    expect(numbers).toMatchObject({ peak_per_second: count, stampede });
    expect(numbers.requests_per_second.slice(0, 5)).toEqual([0, 0, 0, count, 0]);
  });

  it("requests while the ledger was away are no recovery", () => {
    const requests = requestsAt(Array.from({ length: 1_000 }, () => AWAY.until - 1));
    expect(recoveryNumbers(AWAY, { ...sound, requests }, RATE).peak_per_second).toBe(0);
  });

  it("an event that came during the outage and was accepted after it has waited", () => {
    const { id } = drillPlan.events.find((event) => expectedEnd(event) === "forwarded")!;
    const accepted = { attempt: 4, trigger: "alarm", duration_ms: 500, outcome: "accepted" } as const;
    const view = {
      ...sound.views.get(id)!,
      received_at: new Date(AWAY.from + 1).toISOString(),
      attempts: 4,
      attempt_log: [
        { ...accepted, ledger_status: 201, started_at: new Date(AWAY.until + 9_500).toISOString() },
      ],
    };
    const views = new Map([...sound.views, [id, view]]);
    expect(recoveryNumbers(AWAY, { ...sound, views }, RATE)).toMatchObject({
      events_that_waited: 1,
      seconds_until_all_were_forwarded: 10,
      attempts_per_event_that_waited: { least: 4, median: 4, most: 4 },
    });
  });
});

describe("a spread", () => {
  it.each([
    [[], { least: 0, median: 0, most: 0 }],
    [[3, 1, 2], { least: 1, median: 2, most: 3 }],
    [[4, 1, 2, 3], { least: 1, median: 2, most: 4 }],
  ])("%j → %j", (values, spread) => {
    expect(spreadOf(values)).toEqual(spread);
  });
});

describe("the plan of a crash drill", () => {
  it("same seed → same plan, with as many kills as asked for", () => {
    const plan = planRounds(new Random(5), 21);
    expect(plan).toHaveLength(21);
    expect(planRounds(new Random(5), 21)).toEqual(plan);
    expect(planRounds(new Random(6), 21)).not.toEqual(plan);
  });

  it("20 kills → every state of the ledger at least twice", () => {
    for (let seed = 0; seed < 50; seed++) {
      const seen = Map.groupBy(planRounds(new Random(seed), 20), ({ ledger }) => ledger);
      expect([...seen.values()].every(({ length }) => length >= 2)).toBe(true);
      expect(seen.size).toBe(8);
    }
  });
});
