/** Every version that was ever stored is read, and none is overwritten that this one does not know. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize } from "node:v8";
import { describe, expect, it } from "vitest";
import type { EventRecord } from "../../../../src/event/record.ts";
import { parseRecord, RECORD_VERSION, toStored } from "../../../../src/event/stored-record.ts";
import { EXAMPLES } from "../../../corpus/event-records/examples.ts";
import { forwarded } from "../../../support/records.ts";

const FOLDER = join(import.meta.dirname, "../../../corpus/event-records");
const VERSIONS = readdirSync(FOLDER).flatMap((name) => {
  const [, version] = /^v(\d+)\.json$/.exec(name) ?? [];
  return version === undefined ? [] : Number(version);
});

function corpusOf(version: number): [name: string, stored: object][] {
  const text = readFileSync(join(FOLDER, `v${version}.json`), "utf8");
  const bytes = Object.entries(JSON.parse(text) as Record<string, string>);
  return bytes.map(([name, base64]) => [name, deserialize(Buffer.from(base64, "base64")) as object]);
}

it("no version is without its stored bytes: npx node test/corpus/event-records/write.ts", () => {
  expect(VERSIONS.toSorted((a, b) => a - b)).toEqual(Array.from({ length: RECORD_VERSION + 1 }, (_, i) => i));
});

describe.each(VERSIONS)("version %i", (version) => {
  it.each(corpusOf(version))("%s → read, and stored again as the newest", (_, stored) => {
    const record = parseRecord(stored);
    expect(toStored(record)).toMatchObject({ v: RECORD_VERSION, state: record.state });
    expect(parseRecord(structuredClone(toStored(record)))).toEqual(record);
  });
});

describe(`version ${RECORD_VERSION}, the newest`, () => {
  const newest = new Map(corpusOf(RECORD_VERSION));

  it.each(Object.entries(EXAMPLES))(
    "%s → stored as in the corpus; else what is stored has changed, and wants a version of its own",
    (name, example) => {
      expect(toStored(example())).toEqual(newest.get(name));
      expect(parseRecord(newest.get(name))).toEqual(example());
    },
  );
});

it.each([RECORD_VERSION + 1, -1, 0.5, "1", null])("version %j → refused", (v) => {
  expect(() => parseRecord({ ...toStored(forwarded()), v })).toThrow("this code knows");
});

it("what 1.0.0 wrote of a refund whose payment it did not know → the same question, asked as today", () => {
  const waiting = new Map(corpusOf(0)).get("failed(draft)");
  const record = parseRecord(waiting) as Extract<EventRecord, { cause: "ledger" }>;
  expect(record.work).toMatchObject({
    kind: "draft",
    question: { kind: "payin", payment: "pi_1", may_be_release: false },
  });
});
