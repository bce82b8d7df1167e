/**
 * docs/cost.md and docs/scale.md tell what events use, as counted here. `-u` rewrites their generated tables.
 */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import costDocument from "../../docs/cost.md?raw";
import scaleDocument from "../../docs/scale.md?raw";
import {
  paymentIntentSucceeded,
  payoutPaid,
  type StripeEventBody,
  stripeEvent,
} from "../../scripts/sandbox/events/stripe-events.ts";
import { RESENDABLE_MS } from "../../src/event-index/event-summary.ts";
import { LANE_IDLE_MS, meterEvent, restingBytes } from "../support/cost-meter.ts";
import { markdownTable } from "../support/markdown.ts";
import { dollarsPerMillion, PRICED, PRICES, type Usage } from "../support/price-list.ts";
import { scaleTable } from "../support/scale.ts";
import { accepted, refused, type ScriptedLedger, scriptLedger } from "../support/scripted-ledger.ts";
import { emptyIndex, fill, runUpkeep, summary, T0 } from "../support/summaries.ts";
import { deliver, indexRow, operator, runAlarm, SHARDS, shardStub, storedRecord } from "../support/worker.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const RETENTION_DAYS = 30;
/** A ledger that answers well: while the object waits for it, it is awake, and on the bill. */
const LEDGER_MS = 100;
/** What the objects do besides waiting; `npm run bench` measures some three milliseconds of CPU. */
const OWN_MS = 5;

/** Enough for the pages of a table that grows in its middle to be filled as they usually are. */
const INDEX_ROWS = 20_000;

let ledger: ScriptedLedger;
beforeEach(async () => {
  await emptyIndex();
  ledger = scriptLedger(() => accepted("stl_01JDB3K7Q8W9ERTYUIOPASDFGH"));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Ids as long as Stripe's get, and the fields that make a settlement largest. */
const id = (prefix: string) => `${prefix}_3SVxYz2eZvKYlo2C${crypto.randomUUID().slice(0, 8)}`;
const newAccount = () => `acct_01JDB3K7Q8W9ERTYU${crypto.randomUUID().slice(0, 8).toUpperCase()}`;
/** Each with an account of its own: the clock is moved, and a lane lives in time. */
const paid = () =>
  paymentIntentSucceeded(
    {
      id: id("pi"),
      account_id: newAccount(),
      amount: 123_456_789,
      currency: "usd",
      payment_method_types: ["us_bank_account"],
    },
    { id: id("evt") },
  );

interface Scene {
  readonly name: string;
  readonly event: () => StripeEventBody;
  /**
   * Brings the event to where nothing happens to it any more. Returns the
   * requests that the Worker got for it.
   */
  readonly play: (event: StripeEventBody) => Promise<number>;
  readonly endsAs: string;
  /** Of what the ledger does not hold, as long as Stripe can resend it. */
  readonly keptDays: number;
}

const once = async (event: StripeEventBody) => {
  await deliver(event);
  return 1;
};

const SCENES: readonly Scene[] = [
  { name: "settled", event: () => paid(), play: once, endsAs: "forwarded", keptDays: RETENTION_DAYS },
  {
    name: "settled, and delivered once more",
    event: () => paid(),
    play: async (event) => (await once(event)) + (await once(event)),
    endsAs: "forwarded",
    keptDays: RETENTION_DAYS,
  },
  {
    name: "settled by its alarm, at the second attempt",
    event: () => paid(),
    play: async (event) => {
      ledger.answer(() => refused(503));
      await deliver(event);
      ledger.answer(() => accepted());
      vi.setSystemTime(Date.now() + MINUTE_MS);
      await runAlarm(event.id);
      return 1;
    },
    endsAs: "forwarded",
    keptDays: RETENTION_DAYS,
  },
  {
    name: "ignored",
    event: () => stripeEvent("customer.created", { id: id("cus"), object: "customer" }, { id: id("evt") }),
    play: once,
    endsAs: "ignored",
    keptDays: RESENDABLE_MS / DAY_MS,
  },
  {
    name: "unmappable, and resolved by an operator",
    // Nobody's, and nobody can be asked whose it is.
    event: () => payoutPaid({ id: id("po"), amount: 123_456_789 }, { id: id("evt") }),
    play: async (event) => {
      await deliver(event);
      const resolution = { actor: "ada", note: "booked by hand" };
      await operator("POST", `/v1/admin/events/${event.id}/resolve`, resolution);
      return 2;
    },
    endsAs: "resolved",
    keptDays: RESENDABLE_MS / DAY_MS,
  },
];

interface Life extends Usage {
  /** Of the rows, those that the purge takes away. */
  readonly purgedRows: number;
  readonly keptDays: number;
}

/** From the first delivery to the purge of the object and of its row. */
async function live({ event: make, play, endsAs, keptDays }: Scene, indexBytes: number): Promise<Life> {
  await emptyIndex();
  const event = make();
  const metadata = event.data.object["metadata"] as { account_id?: string } | undefined;
  const { own, index, lane, stop } = await meterEvent(event.id, metadata?.account_id ?? "acct_none");
  const askedBefore = ledger.requests.length;
  const workerRequests = await play(event);
  await scheduler.wait(LANE_IDLE_MS);
  const bytes = await restingBytes(event.id);
  const rows = own.rows + index.rows + lane.rows;
  const ledgerRequests = ledger.requests.length - askedBefore;

  vi.setSystemTime(Date.now() + keptDays * DAY_MS + MINUTE_MS);
  await runAlarm(event.id);
  await runUpkeep();
  stop();
  expect(await storedRecord(event.id), `${endsAs} is purged`).toBeUndefined();
  expect(await indexRow(event.id)).toBeUndefined();
  const rowsInAll = own.rows + index.rows + lane.rows;
  return {
    workerRequests,
    objectRequests: own.objectRequests + index.objectRequests + lane.objectRequests,
    rows: rowsInAll,
    purgedRows: rowsInAll - rows,
    keptDays,
    // The event's object waits, and so does the lane's.
    activeMs: 2 * ledgerRequests * LEDGER_MS + OWN_MS,
    restingBytes: bytes + indexBytes,
  };
}

/**
 * Of a settled event in the index, among many. To the next ten, since rows fill pages now better, now worse.
 */
async function bytesPerRow(): Promise<number> {
  const rows = Array.from({ length: INDEX_ROWS }, (_, n) => {
    const payment = id("pi");
    return summary({
      event_id: id("evt"),
      payment_id: payment,
      source_payment_id: payment,
      account_id: newAccount(),
      received_at: T0 + n,
    });
  });
  const empty = await indexSize();
  await fill(rows);
  return Math.ceil((await indexSize()) / 10 / INDEX_ROWS - empty / 10 / INDEX_ROWS) * 10;
}

async function indexSize(): Promise<number> {
  const sizes = Array.from({ length: SHARDS }, (_, shard) =>
    runInDurableObject(shardStub(shard), (_object, { storage }) => storage.sql.databaseSize),
  );
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}

const CELLS: readonly [string, (life: Life) => string][] = [
  ["Worker requests", ({ workerRequests }) => String(workerRequests)],
  ["object requests", ({ objectRequests }) => String(objectRequests)],
  ["rows, and of its purge", ({ rows, purgedRows }) => `${rows - purgedRows} + ${purgedRows}`],
  ["active", ({ activeMs }) => `${activeMs} ms`],
  ["at rest", (life) => `${life.restingBytes.toLocaleString("en")} bytes`],
  ["$ per million", (life) => dollarsPerMillion(life, life.keptDays).total.toFixed(2)],
];

it("the tables in docs/cost.md and docs/scale.md are what is counted", async () => {
  const indexBytes = await bytesPerRow();
  const rows: string[][] = [];
  const usages: Usage[] = [];
  for (const scene of SCENES) {
    const life = await live(scene, indexBytes);
    usages.push(life);
    rows.push([scene.name, ...CELLS.map(([, cell]) => cell(life))]);
  }
  const [settled] = usages;
  if (settled === undefined) throw new Error("there is a scene for it");
  const cost = filledIn(costDocument, {
    prices: markdownTable(
      ["$", "a"],
      (Object.keys(PRICES) as (keyof typeof PRICES)[]).map((name) => [String(PRICES[name]), PRICED[name]]),
    ),
    table: markdownTable(["event", ...CELLS.map(([name]) => name)], rows),
  });
  await expect(cost).toMatchFileSnapshot("../../docs/cost.md");
  const scale = filledIn(scaleDocument, { scale: markdownTable(...scaleTable(settled, indexBytes)) });
  await expect(scale).toMatchFileSnapshot("../../docs/scale.md");
});

/** Throws when a section is not in the document: a table that nobody reads proves nothing. */
function filledIn(document: string, sections: Readonly<Record<string, string>>): string {
  return Object.entries(sections).reduce((text, [name, section]) => {
    const [before, rest] = split(text, `<!-- generated: ${name} -->\n`);
    const [, after] = split(rest, "<!-- end -->");
    return `${before}<!-- generated: ${name} -->\n\n${section}\n\n<!-- end -->${after}`;
  }, document);
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`the document has no ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

it("a settled event stays within its budget: 7 rows, 12,288 bytes of its own, $12.80 a million", async () => {
  const [settled] = SCENES;
  if (settled === undefined) throw new Error("there is a scene for it");
  const indexBytes = await bytesPerRow();
  const life = await live(settled, indexBytes);
  expect(life.rows - life.purgedRows).toBeLessThanOrEqual(7);
  expect(life.restingBytes - indexBytes).toBeLessThanOrEqual(12_288);
  expect(dollarsPerMillion(life, life.keptDays).total).toBeLessThanOrEqual(12.8);
});
