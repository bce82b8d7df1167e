import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CloseApi, closeMonth, readClose } from "../../../../scripts/commands/close/close-month.ts";
import { monthBefore, monthOf, partsOf } from "../../../../scripts/commands/close/month.ts";
import { type Opening, statementOf } from "../../../../scripts/commands/close/sum-up.ts";
import { reportOf, watermarkStatus } from "../../../../src/reconciler/report.ts";
import type { ListedDifference, Report, WatermarkStatus } from "../../../../src/reconciler/report-schema.ts";
import type { Line } from "../../../../src/reconciler/statement.ts";
import { ACCEPTANCE, completeRun, DIFFERENCE, failedRun } from "../../../support/runs.ts";

const OCTOBER = monthOf("--month", "2026-10");
const NOVEMBER_2 = Date.UTC(2026, 10, 2);
const DAY = 86_400_000;
const ACCOUNT = { id: "acct_1", livemode: false };

describe("a month", () => {
  it("is in UTC, and has two parts, none of which is longer than a run reaches", () => {
    for (let n = 0; n < 48; n++) {
      const name = new Date(Date.UTC(2026, n)).toISOString().slice(0, 7);
      const month = monthOf("--month", name);
      const [first, second, ...others] = partsOf(month, month.to + DAY);
      expect(others).toEqual([]);
      expect([first?.from, first?.to, second?.to]).toEqual([month.from, second?.from, month.to]);
      expect(new Date(month.from).toISOString()).toBe(`${name}-01T00:00:00.000Z`);
      expect((second?.to ?? 0) - (second?.from ?? 0)).toBeLessThan(17 * DAY);
      expect(monthOf("--month", monthBefore(month)).to).toBe(month.from);
    }
  });

  it("that is not over → what is over of it, to the minute; not begun → nothing", () => {
    const at = Date.UTC(2026, 9, 20, 10, 11, 12);
    expect(partsOf(OCTOBER, at).map(({ to }) => new Date(to).toISOString())).toEqual([
      "2026-10-16T00:00:00.000Z",
      "2026-10-20T10:11:00.000Z",
    ]);
    expect(partsOf(OCTOBER, OCTOBER.from + 5 * DAY)).toHaveLength(1);
    expect(partsOf(OCTOBER, OCTOBER.from - 1)).toEqual([]);
  });

  it.each(["2026-13", "2026-1", "October", "2026-10-01", ""])("%j → refused", (text) => {
    expect(() => monthOf("--month", text)).toThrow("--month takes a month like 2026-10");
  });
});

const line = (part: Line["part"], amount_minor: string, of = "", currency = "USD"): Line => ({
  currency,
  part,
  class: of,
  count: 1,
  amount_minor,
});

/** A report of a part of October, as clawsettle gives it. */
function reportOfPart(number: number, overrides: object = {}, differences: ListedDifference[] = []): Report {
  const { from, to } = partsOf(OCTOBER, NOVEMBER_2)[number - 1]!;
  const lines = [
    line("moved", "500"),
    line("booked", "520", "payins"),
    line("elsewhere", "-20", "fees_withheld"),
  ];
  const run = completeRun({
    id: `rec_${number}`,
    from,
    to,
    dry_run: true,
    account: ACCOUNT,
    lines,
    ...overrides,
  });
  return reportOf(run, { differences, next_cursor: null }, null);
}

const finding = (accepted: typeof ACCEPTANCE | null): ListedDifference => ({
  ...DIFFERENCE,
  kind: "orphan",
  key: "set_1.orphan.",
  amount: "0.01",
  accepted,
});

describe("the statement of a month", () => {
  it("adds up its parts by class, to the minor unit, and carries the opening balance to the closing one", () => {
    const opening: Opening = {
      balances: { USD: "1000", EUR: "7" },
      source: "previous_close",
      account_id: "acct_1",
    };
    const [eur, usd] = statementOf([reportOfPart(1), reportOfPart(2)], opening);
    expect(usd).toMatchObject({
      currency: "USD",
      opening_minor: "1000",
      moved_minor: "1000",
      closing_minor: "2000",
      closing: "20.00",
      booked_minor: "1040",
      difference_minor: "0",
      lines: [
        { part: "booked", class: "payins", count: 2, amount_minor: "1040", amount: "10.40" },
        { part: "elsewhere", class: "fees_withheld", count: 2, amount_minor: "-40", amount: "-0.40" },
      ],
    });
    expect(eur).toMatchObject({ currency: "EUR", opening_minor: "7", moved_minor: "0", closing_minor: "7" });
  });

  it("nobody knows the opening balance → movements alone", () => {
    expect(statementOf([reportOfPart(1)], null)).toMatchObject([{ opening_minor: null, closing: null }]);
  });

  it("whatever the parts are → the lines come to what moved, and opening and moved to closing", () => {
    const amounts = fc.array(fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(amounts, { minLength: 1, maxLength: 4 }), fc.bigInt(), (parts, opening) => {
        const reports = parts.map((each) => {
          const sum = each.reduce((a, b) => a + b, 0n);
          const booked = each.map((amount, n) => line("booked", String(amount), `class${n}`));
          return reportOfPart(1, { lines: [line("moved", String(sum)), ...booked] });
        });
        const balances = { USD: String(opening) };
        const [usd] = statementOf(reports, { balances, source: "stated", account_id: null });
        const moved = parts.flat().reduce((a, b) => a + b, 0n);
        const lines = usd?.lines.reduce((a, { amount_minor }) => a + BigInt(amount_minor), 0n);
        expect([usd?.moved_minor, lines, usd?.closing_minor, usd?.difference_minor]).toEqual([
          String(moved),
          moved,
          String(opening + moved),
          "0",
        ]);
      }),
    );
  });
});

describe("closing October on 2 November", () => {
  let folder: string;
  let said: string[];
  let begun: number[];
  /** What clawsettle has, by the run's id; and what comes of a part. */
  let kept: Map<string, Report>;
  let parts: Map<number, Report | string>;
  let watermark: WatermarkStatus;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "close-"));
    said = [];
    begun = [];
    kept = new Map();
    parts = new Map([
      [1, reportOfPart(1)],
      [2, reportOfPart(2)],
    ]);
    const stored = { since: 0, complete_up_to: OCTOBER.to, gaps: [], last_started_at: null, last_run: null };
    const bounds = { purged_before: 0, naming: 2, renamed_at: null };
    const pinned = { ...ACCOUNT, actor: "ana", pinned_at: 0 };
    watermark = watermarkStatus(stored, new Map(), {
      bounds,
      configured: true,
      pinned,
      now: NOVEMBER_2,
    });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const api: CloseApi = {
    list: async () => ({ watermark }),
    begin: async ({ number }) => {
      begun.push(number);
      const report = parts.get(number)!;
      if (typeof report === "string") return { refused: report };
      kept.set(report.id, report);
      return { id: report.id };
    },
    atEnd: async (id) => kept.get(id)!,
    find: async (id) => kept.get(id) ?? null,
    csv: async (id) => `line,kind\r\n${id},\r\n`,
  };
  const close = (more: object = {}, now = NOVEMBER_2) =>
    closeMonth({
      month: OCTOBER,
      folder,
      draft: false,
      opening: null,
      api,
      now,
      say: (text) => said.push(text),
      ...more,
    });
  const files = () => readdirSync(folder).sort();
  const read = (name: string) => readFileSync(join(folder, name), "utf8");

  it("complete → closed: each part, the statement, and a hash of every file and every run's content", async () => {
    const opening: Opening = { balances: { USD: "1000" }, source: "stated", account_id: null };
    expect(await close({ opening })).toBe(true);
    const own = ["close.csv", "close.json", "part-1.csv", "part-1.json", "part-2.csv", "part-2.json"];
    expect(files()).toEqual(["SHA256SUMS", ...own]);
    const sums = read("SHA256SUMS").trim().split("\n");
    expect(sums.map((row) => row.split("  ")[1]).sort()).toEqual(own);
    for (const [hash, name = ""] of sums.map((row) => row.split("  "))) {
      expect(hash).toBe(createHash("sha256").update(read(name)).digest("hex"));
    }
    expect(JSON.parse(read("close.json"))).toMatchObject({
      month: "2026-10",
      status: "closed",
      opening_source: "stated",
      account: ACCOUNT,
      runs: [
        { id: "rec_1", content_sha256: reportOfPart(1).content_sha256 },
        { id: "rec_2", content_sha256: reportOfPart(2).content_sha256 },
      ],
      statements: [{ opening: "10.00", closing: "20.00" }],
      not_complete: [],
    });
    expect(read("close.csv")).toBe(
      [
        "currency,line,class,count,amount_minor,amount",
        "USD,opening,,,1000,10.00",
        "USD,booked,payins,2,1040,10.40",
        "USD,elsewhere,fees_withheld,2,-40,-0.40",
        "USD,moved,,,1000,10.00",
        "USD,closing,,,2000,20.00",
        "USD,difference,,,0,0.00",
        "",
      ].join("\r\n"),
    );
    expect(await readClose(join(folder, "close.json"))).toMatchObject({ status: "closed" });
    await expect(close()).rejects.toThrow("is closed already");
  });

  it.each<[string, () => void, RegExp]>([
    [
      "a finding is open",
      () => parts.set(1, reportOfPart(1, { counts: { orphan: 1 } }, [finding(null)])),
      /1 orphan/,
    ],
    ["an event failed", () => parts.set(2, reportOfPart(2, { counts: { failed: 2 } })), /2 failed/],
    [
      "an acceptance was undone",
      () => parts.set(1, reportOfPart(1, { accepted: { orphan: 1 } }, [finding(null)])),
      /orphan/,
    ],
    [
      "a run is of another account",
      () => parts.set(1, reportOfPart(1, { account: { ...ACCOUNT, id: "acct_2" } })),
      /another/,
    ],
    [
      "Stripe's amounts do not add up",
      () => parts.set(1, reportOfPart(1, { lines: [line("moved", "1")] })),
      /add up/,
    ],
    [
      "the watermark is behind",
      () => (watermark = { ...watermark, complete_up_to: "2026-10-31T23:59:59.999Z" }),
      /only up to/,
    ],
    [
      "a gap",
      () =>
        (watermark = {
          ...watermark,
          gaps: [{ from: "2026-10-31T00:00:00.000Z", to: "2026-11-05T00:00:00.000Z", why: "too_late" }],
        }),
      /not known/,
    ],
    ["nobody has confirmed the account", () => (watermark = { ...watermark, account: null }), /confirmed/],
  ])("%s → not closed, and why; with --draft it is written as a draft", async (_, change, why) => {
    change();
    expect(await close()).toBe(false);
    expect(said.join("\n")).toMatch(why);
    expect(files()).not.toContain("close.json");
    expect(await close({ draft: true })).toBe(true);
    expect(JSON.parse(read("close.json"))).toMatchObject({
      status: "draft",
      not_complete: [expect.stringMatching(why)],
    });
  });

  it("the opening balance is of another account → not closed", async () => {
    expect(await close({ opening: { balances: {}, source: "previous_close", account_id: "acct_9" } })).toBe(
      false,
    );
  });

  it("what is accepted, settled or a gap of another month → closed", async () => {
    const counts = { orphan: 1, backfilled: 3, ignored: 9, healed: 1, resolved: 1 };
    parts.set(1, reportOfPart(1, { counts }, [finding(ACCEPTANCE)]));
    const gap = {
      from: "2026-09-01T00:00:00.000Z",
      to: "2026-10-01T00:00:00.000Z",
      why: "too_late",
    } as const;
    watermark = { ...watermark, gaps: [gap] };
    expect(await close()).toBe(true);
    expect(JSON.parse(read("close.json")).accepted[0].differences).toMatchObject([
      { accepted: { actor: "ana" } },
    ]);
  });

  it("in the middle of the month → a draft; its first part is kept, and not walked again when no run reaches it", async () => {
    parts.set(2, reportOfPart(2, { to: Date.UTC(2026, 9, 20) }));
    expect(await close({ draft: true }, Date.UTC(2026, 9, 20))).toBe(true);
    parts.set(1, "from is older than 30 days");
    parts.set(2, reportOfPart(2));
    kept.clear();
    begun = [];
    expect(await close()).toBe(true);
    expect(begun).toEqual([2]);
  });

  it("the first part was walked with a finding: accepted since → closed; not accepted, and out of reach → not", async () => {
    parts.set(1, reportOfPart(1, { counts: { orphan: 1 } }, [finding(null)]));
    expect(await close({ draft: true })).toBe(true);
    parts.set(1, "from is older than 30 days");
    expect(await close()).toBe(false);
    kept.set("rec_1", reportOfPart(1, { counts: { orphan: 1 } }, [finding(ACCEPTANCE)]));
    expect(await close()).toBe(true);
    expect(JSON.parse(read("part-1.json")).differences[0].accepted).toEqual(ACCEPTANCE);
  });

  it("out of reach, and never walked; or the run failed → says so, and nothing is written", async () => {
    parts.set(1, "from is older than 30 days");
    await expect(close({ draft: true })).rejects.toThrow("none is kept: from is older than 30 days");
    parts.set(1, reportOf(failedRun({ id: "rec_1" }), { differences: [], next_cursor: null }, null));
    await expect(close({ draft: true })).rejects.toThrow("The run rec_1 is failed: Our own code failed");
    expect(files()).toEqual([]);
  });
});
