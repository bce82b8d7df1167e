/** Planted bugs in what is written, in which order, and who waits for it. */
import { wakeAt } from "../../src/event/machine.ts";
import { isInAttempt, type EventRecord } from "../../src/event/record.ts";
import type { Bug } from "./bug.ts";
import { POLICY } from "./world.ts";

const LATE_WRITE_MS = 20;

export const COMMIT_BUGS: readonly Bug[] = [
  {
    name: "no-alarm-before-attempt",
    wrong: "the first attempt begins without a lease's alarm: a crash in it is never noticed",
    ports: (sound) => {
      const isLease = (at: number) => {
        const record = sound.store.load();
        return record !== null && isInAttempt(record) && at === record.attempt.lease_expires_at;
      };
      return { ...sound, alarm: { ...sound.alarm, set: (at) => isLease(at) || sound.alarm.set(at) } };
    },
  },
  {
    name: "alarm-in-a-later-turn",
    wrong: "an `await` between the save and its alarm: they commit apart",
    ports: (sound, { instance }) => ({
      ...sound,
      alarm: {
        ...sound.alarm,
        set: (at) => {
          void Promise.resolve()
            .then(() => undefined)
            .then(() => instance.alive && sound.alarm.set(at))
            .catch(() => undefined);
        },
      },
    }),
  },
  {
    name: "answer-before-commit",
    wrong: "the outcome is kept in memory and written a moment later: the answer does not wait for it",
    ports: (sound, { world, instance }) => {
      let cached: EventRecord | null = null;
      const write = (record: EventRecord) => {
        if (!instance.alive || cached !== record) return;
        cached = null;
        sound.store.save(record);
      };
      const save = (record: EventRecord) => {
        if (record.state !== "forwarded") return sound.store.save(record);
        cached = record;
        world.time.after(LATE_WRITE_MS, () => {
          try {
            write(record);
          } catch {
            // The instance is gone: so is what it meant to write.
          }
        });
      };
      return { ...sound, store: { ...sound.store, load: () => cached ?? sound.store.load(), save } };
    },
  },
  {
    name: "publish-after-alarm",
    wrong: "the alarm is moved first, and only then the row is published: a crash in between hides the event",
    ports: (sound) => ({
      ...sound,
      index: {
        publish: async (row) => {
          const record = sound.store.load();
          const at = record === null ? null : wakeAt(record, POLICY);
          if (at === null) sound.alarm.clear();
          else sound.alarm.set(Math.max(at, sound.now() + 1));
          await sound.index.publish(row);
        },
      },
    }),
  },
  {
    name: "index-failure-swallowed",
    wrong: "the index failed, and the alarm is moved all the same: nobody publishes the row again",
    ports: (sound) => ({
      ...sound,
      index: { publish: (row) => sound.index.publish(row).catch(() => undefined) },
    }),
  },
  {
    name: "no-joining",
    wrong: "a second delivery does not see the attempt in flight, and begins another",
    engine: (makeEngine) => {
      const engine = makeEngine();
      return {
        deliver: (delivery) => makeEngine().deliver(delivery),
        inspect: () => engine.inspect(),
        retry: (retry) => engine.retry(retry),
        assign: (assignment) => engine.assign(assignment),
        resolve: (actor, note) => engine.resolve(actor, note),
        poke: () => engine.poke(),
        alarm: () => engine.alarm(),
      };
    },
  },
  {
    name: "snapshot-of-a-later-state",
    wrong: "a replay's answer is made anew, of what the ledger would answer today",
    engine: (makeEngine) => {
      const engine = makeEngine();
      return Object.assign(engine, {
        deliver: async (...args: Parameters<typeof engine.deliver>) => {
          const reply = await Object.getPrototypeOf(engine).deliver.apply(engine, args);
          if (reply.kind !== "ok" || reply.snapshot.state !== "forwarded" || !reply.deduped) return reply;
          return { ...reply, snapshot: { ...reply.snapshot, ledger_status: 200 } };
        },
      });
    },
  },
  {
    name: "conflict-overwrites",
    wrong: "another amount under a known id is taken for a correction",
    engine: (makeEngine, ports) => {
      const engine = makeEngine();
      return Object.assign(engine, {
        deliver: (...args: Parameters<typeof engine.deliver>) => {
          const [{ mapping }] = args;
          const record = ports.store.load();
          if (record?.state === "forwarded" && mapping.kind === "settlement") {
            const payload = JSON.stringify(mapping.settlement);
            if (payload !== record.payload) ports.store.save({ ...record, payload });
          }
          return Object.getPrototypeOf(engine).deliver.apply(engine, args);
        },
      });
    },
  },
];
