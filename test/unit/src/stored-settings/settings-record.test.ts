import { describe, expect, it } from "vitest";
import {
  changed,
  parseSettings,
  pinned,
  type Settings,
  toStored,
} from "../../../../src/stored-settings/settings-record.ts";

/** As version 1 has stored it. Never edited: later versions must read it. */
const STORED_V1 = {
  v: 1,
  settings: {
    SETTLE_ENV: { value: "production", since: 1_790_000_000_000, earlier: [] },
    LEDGER_BASE_URL: {
      value: "https://b.example",
      since: 1_790_000_500_000,
      earlier: [{ value: "https://a.example", until: 1_790_000_500_000 }],
    },
  },
};

const one = (value: string, earlier: Settings[string]["earlier"] = []): Settings => ({
  A: { value, since: 1, earlier },
});

describe("what is stored", () => {
  it("version 1 is read, and written as it is", () => {
    expect(toStored(parseSettings(STORED_V1))).toEqual(STORED_V1);
  });

  it("nothing yet → no settings", () => {
    expect(parseSettings(undefined)).toEqual({});
  });

  it("a later version → throws, so that nothing is written over it", () => {
    expect(() => parseSettings({ ...STORED_V1, v: 2 })).toThrow("of version 2; this code knows 1");
  });

  it("a name that this version does not know is kept", () => {
    const stored = { v: 1, settings: { OF_LATER: { value: "x", since: 1, earlier: [] } } };
    expect(toStored(pinned(parseSettings(stored), { A: "a" }, 2))).toEqual({
      v: 1,
      settings: { ...stored.settings, A: { value: "a", since: 2, earlier: [] } },
    });
  });
});

describe("pinned", () => {
  it("not stored + a value → stored with its time", () => {
    expect(pinned({}, { A: "a" }, 7)).toEqual({ A: { value: "a", since: 7, earlier: [] } });
  });

  it("stored + another value → the same object: the first one counts", () => {
    const settings = one("a");
    expect(pinned(settings, { A: "b" }, 7)).toBe(settings);
    expect(pinned(settings, {}, 7)).toBe(settings);
  });

  it("names of Object's own are names like any other", () => {
    expect(Object.keys(pinned({}, { constructor: "x", toString: "y" }, 1))).toEqual([
      "constructor",
      "toString",
    ]);
  });
});

describe("changed", () => {
  it("from the stored value → the new one, with what it was and until when", () => {
    const after = changed(one("a"), { name: "A", from: "a", to: "b" }, 7);
    expect(after).toEqual({ A: { value: "b", since: 7, earlier: [{ value: "a", until: 7 }] } });
  });

  it.each([
    ["another value than it was changed from", { name: "A", from: "z", to: "b" }],
    ["a name that is not stored", { name: "B", from: "a", to: "b" }],
    ["no change", { name: "A", from: "a", to: "a" }],
  ])("%s → the same object", (_, change) => {
    const settings = one("a");
    expect(changed(settings, change, 7)).toBe(settings);
  });

  it("the same change again, as after a lost answer → counts once", () => {
    const change = { name: "A", from: "a", to: "b" };
    const once = changed(one("a"), change, 7);
    expect(changed(once, change, 8)).toBe(once);
  });

  it("two values in turns → each earlier value once, however often", () => {
    let settings = one("a");
    for (let at = 2; at < 100; at += 2) {
      settings = changed(settings, { name: "A", from: "a", to: "b" }, at);
      settings = changed(settings, { name: "A", from: "b", to: "a" }, at + 1);
    }
    expect(settings).toEqual({ A: { value: "a", since: 99, earlier: [{ value: "b", until: 99 }] } });
  });

  it("ever other values → the 20 latest earlier ones", () => {
    let settings = one("0");
    for (let at = 1; at <= 30; at++) {
      settings = changed(settings, { name: "A", from: String(at - 1), to: String(at) }, at);
    }
    expect(settings["A"]?.earlier.map(({ value }) => value)).toEqual(
      Array.from({ length: 20 }, (_, i) => String(10 + i)),
    );
  });
});
