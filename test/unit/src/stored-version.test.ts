/** Every version that was ever stored is read, and none is overwritten that this one does not know. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EventRecord } from "../../../src/event/record.ts";
import type { Run } from "../../../src/reconciler/run.ts";
import { type Store, STORES } from "../../corpus/stores.ts";

const CORPUS = join(import.meta.dirname, "../../corpus");

function versionsOf(folder: string): number[] {
  return readdirSync(join(CORPUS, folder))
    .flatMap((name) => {
      const [, version] = /^v(\d+)\.json$/.exec(name) ?? [];
      return version === undefined ? [] : Number(version);
    })
    .toSorted((a, b) => a - b);
}

function corpusOf(folder: string, version: number): ReadonlyMap<string, string> {
  const text = readFileSync(join(CORPUS, folder, `v${version}.json`), "utf8");
  return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
}

describe.each(Object.entries(STORES) as [string, Store][])("%s", (folder, store) => {
  const { version: newest, examples, toStored, parse, encode, decode } = store;
  const again = (value: unknown) => parse(decode(encode(toStored(value))));

  it("no version is without its stored bytes: npx node test/corpus/write.ts", () => {
    expect(versionsOf(folder)).toEqual(Array.from({ length: newest + 1 }, (_, n) => n));
  });

  const stored = versionsOf(folder).flatMap((version) =>
    [...corpusOf(folder, version)].map(([name, text]) => ({ version, name, text })),
  );

  it.each(stored)("version $version, $name → read, and stored again as the newest", ({ text }) => {
    const value = parse(decode(text));
    expect(toStored(value)).toMatchObject({ v: newest });
    expect(again(value)).toEqual(value);
  });

  it.each(Object.entries(examples))(
    `%s → stored as in the corpus of version ${newest}; else what is stored has changed, and wants a version of its own`,
    (name, example) => {
      const asCommitted = decode(corpusOf(folder, newest).get(name) ?? "");
      expect(toStored(example())).toEqual(asCommitted);
      expect(parse(asCommitted)).toEqual(example());
    },
  );

  it.each([newest + 1, -1, 0.5, "1", null])("version %j → refused", (v) => {
    for (const text of corpusOf(folder, newest).values()) {
      expect(() => parse({ ...(decode(text) as object), v })).toThrow("this code knows");
    }
  });
});

it("what 1.0.0 wrote of a refund whose payment it did not know → the same question, asked as today", () => {
  const waiting = corpusOf("event-records", 0).get("failed(draft)") ?? "";
  const { parse, decode } = STORES["event-records"];
  const record = parse(decode(waiting)) as Extract<EventRecord, { cause: "ledger" }>;
  expect(record.work).toMatchObject({
    kind: "draft",
    question: { kind: "payin", payment: "pi_1", may_be_release: false },
  });
});

it("what 1.0.0 wrote of a run after a change of the refunds' events → the gap has today's name", () => {
  const { parse, decode } = STORES.runs;
  const runs = [...corpusOf("runs", 0).values()].map((text): Run => parse(decode(text)));
  expect(runs).toContainEqual(
    expect.objectContaining({ gap: expect.objectContaining({ why: "mapping_changed" }) }),
  );
});
