/** Planted bugs in when an event comes back, and whether. */
import { wakeAt } from "../../src/event/machine.ts";
import { type Bug, settling } from "./bug.ts";
import { POLICY } from "./world.ts";

export const WAKING_BUGS: readonly Bug[] = [
  {
    name: "purge-of-a-failure",
    wrong: "what failed for good is purged after the retention like everything else",
    ports: (sound) => ({
      ...sound,
      alarm: { ...sound.alarm, clear: () => sound.alarm.set(sound.now() + POLICY.retentionMs) },
    }),
    engine: (makeEngine, ports) => {
      const engine = makeEngine();
      return Object.assign(engine, {
        alarm: async () => {
          const record = ports.store.load();
          const age = record === null ? 0 : ports.now() - record.updated_at;
          if (record?.state === "failed" && age >= POLICY.retentionMs) await ports.store.erase();
          else await Object.getPrototypeOf(engine).alarm.call(engine);
        },
      });
    },
  },
  {
    name: "backoff-without-bound",
    wrong: "each delay is twice the one before, without end",
    policy: { retryMaxMs: Number.MAX_SAFE_INTEGER },
  },
  {
    name: "gives-up-early",
    wrong: "the horizon is a day, and not three",
    policy: { retryHorizonMs: 24 * 3_600_000 },
  },
  {
    name: "alarm-drops-the-retry",
    wrong: "the alarm handler takes a due retry for done",
    engine: (makeEngine, ports) => {
      const engine = makeEngine();
      return Object.assign(engine, {
        alarm: async () => {
          const record = ports.store.load();
          const waits =
            record?.state === "failed" && record.cause === "ledger" && record.next_retry_at !== null;
          if (!waits) await Object.getPrototypeOf(engine).alarm.call(engine);
        },
      });
    },
  },
  {
    name: "inspection-moves-the-alarm",
    wrong:
      "inspecting an event sets its alarm to the next retry, though the index does not know of the failure yet",
    engine: (makeEngine, ports) => {
      const engine = makeEngine();
      return Object.assign(engine, {
        inspect: () => {
          const record = ports.store.load();
          const retryAt =
            record?.state === "failed" && record.cause === "ledger" ? record.next_retry_at : null;
          if (retryAt !== null) ports.alarm.set(Math.max(retryAt, ports.now() + 1));
          return Object.getPrototypeOf(engine).inspect.call(engine);
        },
      });
    },
  },
  {
    name: "retries-what-was-refused",
    wrong: "a redelivery begins another attempt at what failed for good",
    engine: (makeEngine, ports) => {
      const engine = makeEngine();
      return Object.assign(engine, {
        deliver: (...args: Parameters<typeof engine.deliver>) => {
          const record = ports.store.load();
          if (record?.state === "failed" && record.cause === "ledger" && record.next_retry_at === null) {
            const next_retry_at = ports.now();
            ports.store.save({ ...record, next_retry_at });
            ports.alarm.set(next_retry_at);
          }
          return Object.getPrototypeOf(engine).deliver.apply(engine, args);
        },
      });
    },
  },
  {
    name: "redelivery-publishes-nothing",
    wrong: "a redelivery of what only an operator moves does not publish its row again",
    engine: (makeEngine, ports) => {
      const { alarm } = ports;
      let deliveries = 0;
      const seems = () => {
        const record = ports.store.load();
        return deliveries > 0 && record?.state === "failed" && wakeAt(record, POLICY) === null;
      };
      // With an alarm that seems to stand, the engine takes the row for published, or about to be.
      Object.assign(ports, { alarm: { ...alarm, get: async () => (seems() ? ports.now() : alarm.get()) } });
      const engine = makeEngine();
      return Object.assign(engine, {
        deliver: async (...args: Parameters<typeof engine.deliver>) => {
          deliveries++;
          try {
            return await Object.getPrototypeOf(engine).deliver.apply(engine, args);
          } finally {
            deliveries--;
          }
        },
      });
    },
  },
  {
    name: "timeout-is-rejection",
    wrong: "a timeout is taken for the ledger's last word",
    ports: settling((settle) => async (...request) => {
      const outcome = await settle(...request);
      if (outcome.kind !== "unknown") return outcome;
      return { kind: "rejected", ledger_status: 422, ledger_code: "NO_ANSWER" };
    }),
  },
];
