/**
 * Random sequences of requests against both stores, beside a model that knows nothing of journals: it keeps
 * plain mutable balances and the set of accepted (key, bytes), and says beforehand which answer must come.
 */
import * as fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { isProof } from "../../../../support/effort.ts";
import type { IngestBody, Status } from "../../../../../scripts/sandbox/ledger/contract.ts";
import { MemoryStore } from "../../../../../scripts/sandbox/ledger/memory-store.ts";
import { ingest, type IngestContext } from "../../../../../scripts/sandbox/ledger/ingest.ts";
import type { LedgerStore } from "../../../../../scripts/sandbox/ledger/store.ts";
import { SqlStore } from "../../../../../scripts/sandbox/ledger/sql-store.ts";
import { account, body, context, nodeSql, request } from "./fixture.ts";

const ACCOUNTS = ["acc_a", "acc_b", "acc_late"];
const CURRENCIES = ["USD", "EUR"];
/** Two are above 2⁵³, where a sum in floating point would be off by one. */
const AMOUNTS = ["1", "2", "70", "9007199254740993", "9999999999999999"];

type Step = { readonly open: string } | { readonly key: string; readonly body: IngestBody };

const freeArb = fc.record({
  external_payment_id: fc.constantFrom("p1", "p2", "p3"),
  direction: fc.constantFrom("payin", "refund", "payout"),
  status: fc.constantFrom("pending", "confirmed", "failed", "reversed"),
  account_id: fc.constantFrom(...ACCOUNTS),
  amount_minor: fc.constantFrom(...AMOUNTS),
  currency: fc.constantFrom(...CURRENCIES),
  metadata: fc.record({ n: fc.constantFrom("1", "2") }),
} satisfies { [K in keyof IngestBody]?: fc.Arbitrary<IngestBody[K]> });

/**
 * Mostly one account, amount and currency: else nearly all would be
 * conflicts, and few settlements would move on.
 */
const tameArb = freeArb.map((free) => ({
  ...free,
  account_id: "acc_a",
  amount_minor: "70",
  currency: "USD",
}));

const bodyArb = fc
  .oneof({ weight: 3, arbitrary: tameArb }, { weight: 1, arbitrary: freeArb })
  .map((changes) => body(changes));

/**
 * Free choices rarely repeat, so up to twelve earlier requests follow again, under their own key or another.
 */
const stepsArb = fc
  .array(
    fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...ACCOUNTS).map((open): Step => ({ open })) },
      {
        weight: 12,
        arbitrary: fc.record({ key: fc.nat(59).map((n) => `key_${n}`), body: bodyArb }) as fc.Arbitrary<Step>,
      },
    ),
    { minLength: 1, maxLength: 40 },
  )
  .chain((steps) =>
    fc
      .array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 12 })
      .map((again) => again.reduce((all, [at, freshKey]) => repeat(all, at, freshKey), steps)),
  );

function repeat(steps: readonly Step[], at: number, freshKey: boolean): Step[] {
  const step = steps[at % steps.length];
  if (step === undefined || "open" in step) return [...steps];
  return [...steps, freshKey ? { ...step, key: `again_${at}` } : step];
}

class Model {
  readonly oneBucket: boolean;
  readonly accounts = new Set<string>();
  readonly balances = new Map<string, bigint>();
  readonly settlements = new Map<string, IngestBody>();
  readonly accepted = new Map<string, string>();

  constructor(oneBucket: boolean) {
    this.oneBucket = oneBucket;
  }

  /** What must be answered; the model moves along. */
  expect(key: string, sent: IngestBody): string {
    const text = JSON.stringify(sent);
    const earlier = this.accepted.get(key);
    if (earlier !== undefined) return earlier === text ? "replayed" : "IDEMPOTENCY_KEY_REUSED";

    const natural = `${sent.external_payment_id} ${sent.direction}`;
    const known = this.settlements.get(natural);
    if (!this.accounts.has(sent.account_id)) return "NOT_FOUND";
    const same = (field: "account_id" | "amount_minor" | "currency") => known?.[field] === sent[field];
    if (known && !(same("account_id") && same("amount_minor") && same("currency"))) {
      return "DUPLICATE_CONFLICT";
    }
    if (known?.status === sent.status) {
      this.accepted.set(key, text);
      return "deduped";
    }
    if (known && !mayFollow(known.status, sent.status)) return "INVALID_STATUS_TRANSITION";

    const purse = purseOf(sent.account_id, this.oneBucket ? null : sent.currency);
    const after = (this.balances.get(purse) ?? 0n) + BigInt(sent.amount_minor) * BigInt(sign(sent));
    if (sign(sent) < 0 && after < 0n) return "INSUFFICIENT_FUNDS";
    this.balances.set(purse, after);
    this.settlements.set(natural, sent);
    this.accepted.set(key, text);
    return "taken";
  }
}

function purseOf(id: string, currency: string | null): string {
  return `${id} ${currency ?? "in all"}`;
}

function mayFollow(from: Status, to: Status): boolean {
  return (from === "pending" && to !== "pending") || (from === "confirmed" && to === "reversed");
}

const SIGNS = new Map([
  ["payin confirmed", 1],
  ["payin reversed", -1],
  ["refund confirmed", -1],
]);

function sign({ direction, status }: IngestBody): number {
  return SIGNS.get(`${direction} ${status}`) ?? 0;
}

function describeAnswer(answer: ReturnType<typeof ingest>): string {
  if ("code" in answer.body) return answer.body.code;
  if (answer.body.idempotency.replayed) return "replayed";
  if (answer.body.idempotency.deduped) return "deduped";
  return answer.status === 201 ? "taken" : `status ${answer.status}`;
}

interface Bench {
  readonly store: LedgerStore;
  readonly open: (id: string) => void;
  readonly journal: () => readonly unknown[];
  readonly events: () => readonly unknown[];
  /** Accounts, settlements, journal and events. */
  readonly tables: () => unknown;
  readonly answers: () => readonly unknown[];
}

function memoryBench(): Bench {
  const store = new MemoryStore();
  const { accounts, settlements, journal, events, answers } = store;
  return {
    store,
    open: (id) => store.openAccount(account(id)),
    journal: () => [...journal],
    events: () => [...events],
    tables: () => structuredClone({ accounts, settlements, journal, events }),
    answers: () => [...answers],
  };
}

function sqlBench(): Bench {
  const sql = nodeSql();
  const store = new SqlStore(sql);
  const rows = (table: string) => sql.exec(`SELECT * FROM ${table}`).toArray();
  const journal = () =>
    sql.exec("SELECT settlement_id, event_type, CAST(delta_minor AS TEXT) FROM journal").toArray();
  const events = () => rows("events");
  return {
    store,
    open: (id) => void store.openAccount(account(id)),
    journal,
    events,
    tables: () => [rows("accounts"), rows("settlements"), journal(), events()],
    answers: () => rows("answers"),
  };
}

describe.each([
  ["in memory", memoryBench, false],
  ["in SQLite", sqlBench, false],
  ["in memory, all currencies in one bucket", memoryBench, true],
])("any sequence of requests, one at a time, %s", (_, newBench, oneBucket) => {
  it("answers and balances are the model's; refusals, replays and doubles change nothing", () => {
    fc.assert(
      fc.property(stepsArb, (steps) => {
        const bench = newBench();
        const model = new Model(oneBucket);
        const ctx = context({ oneBucket });
        for (const step of steps) {
          const { seen, wanted } = play(bench, model, step, ctx);
          expect(seen).toEqual(wanted);
        }
      }),
      { numRuns: isProof ? 300 : 60 },
    );
  });

  it("every accepted request, sent again at the end, gets its own answer back and changes nothing", () => {
    fc.assert(
      fc.property(stepsArb, (steps) => {
        const bench = newBench();
        const ctx = context({ oneBucket });
        ACCOUNTS.forEach(bench.open);
        const taken = steps.flatMap((step) => {
          if ("open" in step) return [];
          const sent = request(step.key, step.body);
          const { body: first } = ingest(bench.store, sent, ctx);
          return "code" in first ? [] : [{ sent, first }];
        });
        const before = [bench.tables(), bench.answers()];
        for (const { sent, first } of taken) {
          const idempotency = { ...first.idempotency, replayed: true };
          const again = ingest(bench.store, sent, ctx);
          expect(again).toEqual({ status: 200, body: { ...first, idempotency } });
        }
        expect([bench.tables(), bench.answers()]).toEqual(before);
      }),
      { numRuns: isProof ? 200 : 40 },
    );
  });
});

/** Does one step in both worlds: what the ledger showed, and what the model wants to see. */
function play(
  bench: Bench,
  model: Model,
  step: Step,
  ctx: IngestContext,
): { seen: unknown; wanted: unknown } {
  if ("open" in step) {
    bench.open(step.open);
    model.accounts.add(step.open);
    return { seen: bench.store.findAccount(step.open), wanted: account(step.open) };
  }
  const answer = model.expect(step.key, step.body);
  const taken = answer === "taken";
  const before = { tables: bench.tables(), journal: bench.journal(), events: bench.events() };
  const answered = describeAnswer(ingest(bench.store, request(step.key, step.body), ctx));

  const journal = bench.journal();
  const purses = ACCOUNTS.flatMap((id): { id: string; currency: string | null }[] =>
    ctx.oneBucket ? [{ id, currency: null }] : CURRENCIES.map((currency) => ({ id, currency })),
  );
  const { direction, status } = step.body;
  return {
    seen: {
      answer: answered,
      changed: !isDeepStrictEqual(bench.tables(), before.tables),
      entries: journal.length - before.journal.length,
      events: bench.events().length - before.events.length,
      lost: before.journal.filter((old) => !journal.some((entry) => isDeepStrictEqual(entry, old))),
      remembered: bench.answers().length,
      balances: purses.map(({ id, currency }) => bench.store.balance(id, currency).available),
    },
    wanted: {
      answer,
      changed: taken,
      entries: taken ? Math.abs(sign(step.body)) : 0,
      events: taken && (sign(step.body) !== 0 || `${direction} ${status}` === "payout confirmed") ? 1 : 0,
      lost: [],
      remembered: model.accepted.size,
      balances: purses.map(({ id, currency }) => model.balances.get(purseOf(id, currency)) ?? 0n),
    },
  };
}
