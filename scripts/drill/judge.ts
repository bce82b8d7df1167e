/**
 * Do Stripe's truth, clawsettle's states and the ledger's books agree, event by event? Pure: evidence in, disagreements
 * out. What is true comes from the story alone; nothing of the service's own code has a part in the verdict.
 */
import { isDeepStrictEqual } from "node:util";
import type { Movement, ToldEvent } from "../lib/tales/story.ts";
import type { Settlement } from "../sandbox-ledger/contract.ts";
import type { Evidence } from "./evidence.ts";
import type { EventRow, EventView } from "./operator.ts";
import { fateOf } from "./story.ts";
import type { Delivered } from "./stripe.ts";

export interface Disagreement {
  /** An event, a movement, an account, a request. */
  readonly about: string;
  readonly what: string;
}

type Complain = (about: string, what: string) => void;

const KEY_PREFIX = "stripe:event:";

export function judge(evidence: Evidence): Disagreement[] {
  const found: Disagreement[] = [];
  const complain: Complain = (about, what) => void found.push({ about, what });
  for (const event of evidence.events) {
    const view = evidence.views.get(event.id);
    if (view === undefined)
      complain(event.id, "is lost: Stripe has told of it, and clawsettle does not know it");
    else judgeState(event, view, complain);
    judgeAnswers(event, view ?? null, evidence.delivered.get(event.id) ?? null, complain);
  }
  judgeRequests(evidence, complain);
  judgeSettlements(evidence, complain);
  judgeBalances(evidence, complain);
  judgeIndex(evidence, complain);
  return found;
}

/** Why an event may rightly stand as failed before the operators; null: it may not. */
export function rightlyFailed(
  event: ToldEvent,
): { readonly code: string; readonly ledgerCode: string | null } | null {
  switch (fateOf(event)) {
    case "unmappable":
      return { code: "EVENT_UNMAPPABLE", ledgerCode: null };
    case "without_payment":
      return { code: "LEDGER_INGEST_FAILED", ledgerCode: "ACCOUNT_NOT_RESOLVED" };
    case "forwarded_or_overtaken":
      return { code: "LEDGER_INGEST_FAILED", ledgerCode: "INVALID_STATUS_TRANSITION" };
    case "forwarded":
    case "ignored":
      return null;
  }
}

function judgeState(event: ToldEvent, view: EventView, complain: Complain): void {
  const fate = fateOf(event);
  const may =
    fate === "forwarded_or_overtaken" ? ["forwarded", "failed"] : [rightlyFailed(event) ? "failed" : fate];
  if (!may.includes(view.state))
    return complain(event.id, `is ${view.state}, and should be ${may.join(" or ")}`);
  if (view.state !== "failed") return;
  const reason = rightlyFailed(event);
  const { code, ledger_code } = view.last_error ?? { code: null, ledger_code: null };
  if (code !== reason?.code || ledger_code !== reason.ledgerCode) {
    complain(event.id, `is failed by ${code} ${ledger_code}, which nothing in the story explains`);
  }
}

/** A 2xx is a promise: given once for each event, in the same words for ever, and true. */
function judgeAnswers(
  event: ToldEvent,
  view: EventView | null,
  delivered: Delivered | null,
  complain: Complain,
): void {
  const isFinal = view !== null && view.snapshot !== null;
  if (isFinal && delivered?.accepted !== true) complain(event.id, "is settled, and Stripe was never told so");
  if (!isFinal && delivered?.accepted === true) complain(event.id, "was acknowledged, and is not settled");
  const answers = [...(delivered?.answers ?? [])];
  if (answers.length > 1)
    complain(event.id, `was answered in ${answers.length} ways: ${answers.join(" | ")}`);
  if ((delivered?.firsts ?? 0) > 1) complain(event.id, `was ${delivered?.firsts} times said to be new`);
  const [answer] = answers;
  if (answer !== undefined && isFinal && !isDeepStrictEqual(JSON.parse(answer), view.snapshot)) {
    complain(event.id, `was answered ${answer}, and its snapshot is ${JSON.stringify(view.snapshot)}`);
  }
}

function judgeRequests({ events, views, requests }: Evidence, complain: Complain): void {
  requests.forEach(({ seq }, n) => {
    const before = requests[n - 1]?.seq ?? 0;
    if (seq !== before + 1) complain(`request ${seq}`, "comes after a gap in the log");
  });
  const ofKey = Map.groupBy(requests, ({ idempotency_key }) => idempotency_key);
  for (const event of events) {
    const sent = ofKey.get(KEY_PREFIX + event.id) ?? [];
    ofKey.delete(KEY_PREFIX + event.id);
    const view = views.get(event.id);
    const payloads = new Set(sent.map(({ body_sha256 }) => body_sha256));
    if (payloads.size > 1) complain(event.id, `was sent to the ledger with ${payloads.size} payloads`);
    const recorded = view?.evidence.payload_sha256 ?? null;
    if (sent.length > 0 && !payloads.has(String(recorded))) {
      complain(event.id, "was sent with other bytes than those on record");
    }
    if (view?.state === "forwarded" && sent.length === 0)
      complain(event.id, "is forwarded, and was never sent");
    if (event.expected !== "money" && sent.length > 0) complain(event.id, `moves no money, and was sent`);
    if (sent.length > (view?.attempts ?? 0)) {
      complain(event.id, `was sent ${sent.length} times in ${view?.attempts ?? 0} attempts`);
    }
  }
  for (const key of ofKey.keys()) complain(`key ${key}`, "was used, and no event has it");
}

/** Each movement stands in the ledger once, and nothing else stands there. */
function judgeSettlements({ events, movements, views, settlements }: Evidence, complain: Complain): void {
  const byEvent = new Map(events.map((event) => [event.id, event]));
  const byMovement = new Map<Movement, Settlement[]>();
  for (const settlement of settlements) {
    const event = byEvent.get(String(settlement.metadata["stripe_event_id"]));
    if (event === undefined || event.expected !== "money") {
      complain(settlement.id, "stands in the ledger, and nothing happened at Stripe");
    } else if (event.movement === null) {
      judgeAmountAsTold(event, settlement, complain);
    } else {
      byMovement.set(event.movement, [...(byMovement.get(event.movement) ?? []), settlement]);
      if (event.movement.delta === 0n) judgeAmountAsTold(event, settlement, complain);
    }
  }
  for (const movement of movements) {
    if (movement.account === null) continue;
    const [settlement, ...more] = byMovement.get(movement) ?? [];
    if (settlement === undefined) complain(movement.name, "is not in the ledger");
    else judgeMovement(movement, settlement, complain);
    if (more.length > 0) complain(movement.name, `stands in the ledger ${more.length + 1} times`);
  }
  const ids = new Set(settlements.map(({ id }) => id));
  for (const { event_id, snapshot, state } of views.values()) {
    if (state !== "forwarded" || ids.has(String(snapshot?.["settlement_id"]))) continue;
    complain(
      event_id,
      `is forwarded as ${String(snapshot?.["settlement_id"])}, which the ledger does not know`,
    );
  }
}

function judgeMovement(movement: Movement, settlement: Settlement, complain: Complain): void {
  const { account, currency, delta } = movement;
  const amount = delta < 0n ? -delta : delta;
  const truth = {
    account_id: account,
    currency,
    ...(delta !== 0n && {
      direction: delta > 0n ? "payin" : "refund",
      status: "confirmed",
      amount_minor: String(amount),
    }),
  };
  for (const [field, value] of Object.entries(truth)) {
    const booked = settlement[field as keyof Settlement];
    if (booked !== value)
      complain(movement.name, `has ${field} ${String(booked)} in the ledger, not ${value}`);
  }
}

/** What the ledger only records moves no balance that would give a wrong amount away. */
function judgeAmountAsTold(event: ToldEvent, { amount_minor }: Settlement, complain: Complain): void {
  const told = String(event.body.data.object["amount"]);
  if (amount_minor !== told) complain(event.id, `is recorded as ${amount_minor}, and Stripe told ${told}`);
}

/** The sums that account holders see, straight from what happened. */
function judgeBalances({ movements, balances }: Evidence, complain: Complain): void {
  const truth = new Map([...balances.keys()].map((account) => [account, new Map<string, bigint>()]));
  for (const { account, currency, delta } of movements) {
    if (account === null || delta === 0n) continue;
    const sums = truth.get(account);
    if (sums === undefined) complain(account, "has moved money, and nobody looked at its balance");
    else sums.set(currency, (sums.get(currency) ?? 0n) + delta);
  }
  for (const [account, sums] of truth) {
    const booked = balances.get(account) ?? {};
    for (const currency of new Set([...sums.keys(), ...Object.keys(booked)])) {
      const [has, should] = [booked[currency] ?? "0", String(sums.get(currency) ?? 0n)];
      if (has !== should)
        complain(account, `has ${has} ${currency} in the ledger, and ${should} by what happened`);
    }
  }
}

/** The mirror shows operators what the events' own objects say, all of it, and sums it rightly. */
function judgeIndex({ views, rows, stats }: Evidence, complain: Complain): void {
  const byId = new Map<string, EventRow>();
  for (const row of rows) {
    if (byId.has(row.event_id)) complain(row.event_id, "is listed twice");
    if (!views.has(row.event_id)) complain(row.event_id, "is listed, and does not exist");
    byId.set(row.event_id, row);
  }
  for (const [id, view] of views) {
    const row = byId.get(id);
    if (row === undefined) complain(id, `is ${view.state}, and not listed`);
    else judgeRow(view, row, complain);
  }
  for (const [state, count] of Object.entries(stats.states)) {
    const counted = [...views.values()].filter((view) => view.state === state).length;
    if (count !== counted) complain("the statistics", `count ${count} ${state}, and there are ${counted}`);
  }
  const open = rows.filter(({ state }) => !["forwarded", "ignored", "resolved"].includes(state));
  for (const [currency, waiting] of Map.groupBy(open, (row) => row.currency)) {
    const summed = stats.open.find((sum) => sum.currency === currency);
    const amount = waiting.reduce((sum, { amount_minor }) => sum + BigInt(amount_minor ?? 0), 0n);
    const truth = { count: waiting.length, amount_minor: currency === null ? null : String(amount) };
    if (summed?.count !== truth.count || summed.amount_minor !== truth.amount_minor) {
      complain(
        "the statistics",
        `sum up ${JSON.stringify(summed)} as open, and it is ${JSON.stringify(truth)}`,
      );
    }
  }
}

function judgeRow(view: EventView, row: EventRow, complain: Complain): void {
  const settlement = view.settlement ?? {};
  const truth: Partial<EventRow> = {
    event_type: view.event_type,
    state: view.state,
    error_code: view.last_error?.code ?? null,
    account_id: (settlement["account_id"] as string | undefined) ?? null,
    payment_id: (settlement["external_payment_id"] as string | undefined) ?? null,
    amount_minor: (settlement["amount_minor"] as string | undefined) ?? null,
    currency: (settlement["currency"] as string | undefined) ?? null,
    received_at: view.received_at,
    // What still waits is tried again between the look at the one and the look at the other.
    ...(view.next_retry_at === null && { attempts: view.attempts }),
  };
  for (const [field, value] of Object.entries(truth)) {
    const listed = row[field as keyof EventRow];
    if (listed !== value)
      complain(view.event_id, `is listed with ${field} ${String(listed)}, and has ${String(value)}`);
  }
}
