/** Planted bugs in the lane: who may ask the ledger, and when. */
import type { SettleOutcome } from "../../src/ledger/port.ts";
import { type Bug, type LaneWrapper, settling } from "./bug.ts";

const LATE_WRITE_MS = 20;

export const LANE_BUGS: readonly Bug[] = [
  {
    name: "lane-lets-two-through",
    wrong: "every second request goes ahead without waiting for the one before it",
    lane: (makeLane, ports) => {
      const [odd, even] = [makeLane(ports), makeLane(ports)];
      let calls = 0;
      return { settle: (request) => (calls++ % 2 === 0 ? odd : even).settle(request) };
    },
  },
  {
    name: "lane-per-event",
    wrong: "each event has a lane of its own, instead of each account",
    ports: (sound, { id }) => ({
      ...sound,
      ledger: {
        ...sound.ledger,
        settle: (settlement, request) => sound.ledger.settle({ ...settlement, account_id: id }, request),
      },
    }),
  },
  {
    name: "waiting-caller-forgotten",
    wrong: "whoever waits for a lane that is closed is never let in",
    lanePorts: (sound) => ({ ...sound, at: () => () => undefined }),
  },
  {
    name: "no-mark",
    wrong: "after a reset the lane does not know that a request may be running",
    lanePorts: (sound) => ({ ...sound, mark: { ...sound.mark, load: () => null } }),
  },
  {
    name: "mark-in-a-later-turn",
    wrong: "the mark is written a moment after the request has left",
    lanePorts: (sound, { world, instance }) => ({
      ...sound,
      mark: {
        ...sound.mark,
        save: (until) => {
          world.time.after(LATE_WRITE_MS, () => {
            try {
              if (instance.alive) sound.mark.save(until);
            } catch {
              // The instance is gone: so is what it meant to write.
            }
          });
        },
      },
    }),
  },
  {
    name: "no-quiet-time",
    wrong: "after an unknown outcome the lane opens at once",
    lane: takingForOver(({ kind }) => kind === "unknown"),
  },
  {
    name: "gateways-word-is-final",
    wrong: "a 502 or a redirect counts as the ledger's answer, though the request may still be running",
    lane: takingForOver(({ kind }) => kind === "unavailable"),
  },
  {
    name: "busy-counts-an-attempt",
    wrong: "a turn that did not come is counted like a refusal of the ledger's",
    ports: settling((settle) => async (...request) => {
      const outcome = await settle(...request);
      if (outcome.kind !== "busy") return outcome;
      const { retry_after_ms } = outcome;
      return { kind: "unavailable", ledger_status: 503, ledger_code: "LANE_BUSY", retry_after_ms };
    }),
  },
];

/** A lane that takes a request for over after these outcomes, which its callers get unchanged. */
function takingForOver(isTaken: (outcome: SettleOutcome) => boolean): LaneWrapper {
  return (makeLane, ports) => {
    const outcomes = new Map<SettleOutcome, SettleOutcome>();
    const lane = makeLane({
      ...ports,
      settle: async (...request) => {
        const outcome = await ports.settle(...request);
        if (!isTaken(outcome)) return outcome;
        const over: SettleOutcome = { kind: "rejected", ledger_status: 422, ledger_code: "OVER" };
        outcomes.set(over, outcome);
        return over;
      },
    });
    return {
      settle: async (request) => {
        const outcome = await lane.settle(request);
        return outcomes.get(outcome) ?? outcome;
      },
    };
  };
}
