import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  advance,
  START_OF_LIST,
  type Entry,
  entryOf,
  isNew,
  withoutId,
} from "../../../../src/reconciler/list-position.ts";

/** Stripe's list, which forgets an event now and then; newest first. */
function walk(entries: readonly Entry[], pageSize: number, forgets: (page: number) => boolean): string[] {
  let list = [...entries].sort((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1));
  let position = START_OF_LIST;
  const counted: string[] = [];
  for (let page = 0; page < 1_000; page++) {
    if (forgets(page) && position.starting_after !== null)
      list = list.filter(({ id }) => id !== position.starting_after);
    const after = list.findIndex(({ id }) => id === position.starting_after);
    if (position.starting_after !== null && after === -1) {
      const again = withoutId(position);
      if (again === null) throw new Error("lost for good");
      position = again;
      continue;
    }
    const { created_lt } = position;
    const rest = list.slice(after + 1).filter(({ created }) => created_lt === null || created < created_lt);
    const answer = rest.slice(0, pageSize);
    counted.push(...answer.flatMap((entry) => (isNew(position, entry) ? entry.id : [])));
    position = advance(position, answer);
    if (rest.length <= pageSize) return counted;
  }
  throw new Error("it never ends");
}

describe("a walk", () => {
  it("of any list, in pages of any size, also when Stripe forgets where we were → each event once", () => {
    const times = fc.array(fc.nat(6), { maxLength: 60 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 9 }), fc.array(fc.boolean()), (seconds, size, forgets) => {
        const entries = seconds.map((created, i) => ({ id: `evt_${i}`, created }));
        const counted = walk(entries, size, (page) => forgets[page] ?? false);
        expect(counted.toSorted()).toEqual(entries.map(({ id }) => id).toSorted());
      }),
    );
  });

  it("an empty page → where it was", () => {
    expect(advance(START_OF_LIST, [])).toEqual(START_OF_LIST);
  });

  it.each([
    ["of another second", 9, ["evt_2", "evt_1"]],
    ["that goes on in the same second", 5, ["evt_0", "evt_2", "evt_1"]],
  ])("a page %s → the events of its last second are kept, and no others", (_, last_created, seen) => {
    const before = { starting_after: "evt_0", created_lt: 10, last_created, seen: ["evt_0"] };
    const page = [
      { id: "evt_3", created: 7 },
      { id: "evt_2", created: 5 },
      { id: "evt_1", created: 5 },
    ];
    expect(advance(before, page)).toEqual({ starting_after: "evt_1", created_lt: 10, last_created: 5, seen });
  });

  it("Stripe does not know the last id → again from that second's end, once; then it is not the id", () => {
    const position = { starting_after: "evt_1", created_lt: null, last_created: 5, seen: ["evt_1"] };
    const again = { ...position, starting_after: null, created_lt: 6 };
    expect(withoutId(position)).toEqual(again);
    expect(withoutId(again)).toBeNull();
    expect(withoutId({ ...position, last_created: null })).toBeNull();
  });

  it("Stripe rejects the id of a first page, which has none → it was not the id", () => {
    expect(withoutId(START_OF_LIST)).toBeNull();
  });
});

it.each([
  [
    { id: "evt_1", created: 5, more: 1 },
    { id: "evt_1", created: 5 },
  ],
  [{ id: "", created: 5 }, null],
  [{ id: 1, created: 5 }, null],
  [{ id: "evt_1" }, null],
  [{ id: "evt_1", created: "5" }, null],
  [
    { id: "evt_1", created: 0 },
    { id: "evt_1", created: 0 },
  ],
  [{ created: 5 }, null],
  [{ id: "evt_1", created: -1 }, null],
  [{ id: "evt_1", created: 1.5 }, null],
  [null, null],
  [undefined, null],
  ["evt_1", null],
])("%o → the entry %o", (listed, entry) => {
  expect(entryOf(listed)).toEqual(entry);
});
