/** The evidence of a drill in which everything went well: what a verdict must find nothing against. */
import { accountIdOf } from "../../../../../scripts/lib/account-id.ts";
import type { EventState } from "../../../../../src/event/event-state.ts";
import {
  type HistoryEvent,
  type Movement,
  settledOf,
} from "../../../../../scripts/proof/histories/history.ts";
import type { Evidence } from "../../../../../scripts/proof/drill/evidence.ts";
import { expectedEnd, rightfulError } from "../../../../../scripts/proof/drill/expected-end.ts";
import type { DrillPlan } from "../../../../../scripts/proof/drill/plan-drill.ts";
import type { EventRow } from "../../../../../scripts/sandbox/clients/clawsettle.ts";
import type { Settlement } from "../../../../../scripts/sandbox/ledger/contract.ts";
import type { LoggedRequest } from "../../../../../scripts/sandbox/ledger/request-log.ts";

const AT = "2027-01-15T08:00:00.000Z";

export function perfectEvidence({
  events,
  movements,
  dids,
}: Pick<DrillPlan, "events" | "movements" | "dids">): Evidence {
  const settlements = new Map<unknown, Settlement>();
  const requests: LoggedRequest[] = [];
  const views = new Map<string, EventState>();
  for (const event of events) {
    const isForwarded = expectedEnd(event).startsWith("forwarded");
    if (isForwarded) requests.push(requestOf(event, requests.length + 1));
    const settlement = isForwarded ? settlementOf(event, settlements) : null;
    views.set(event.id, viewOf(event, settlement));
  }
  const rows = [...views.values()].map(rowOf);
  return {
    events,
    movements,
    views,
    rows,
    requests,
    delivered: new Map([...views].map(([id, { snapshot }]) => [id, deliveredOf(snapshot)])),
    settlements: [...settlements.values()],
    balances: balancesOf(settledOf({ events, movements }), dids),
    stats: statsOf(rows),
  };
}

function settlementOf(event: HistoryEvent, settlements: Map<unknown, Settlement>): Settlement {
  const { movement, body } = event;
  const { object } = body.data;
  // Twins of one change are one settlement.
  const name = movement ?? object["id"];
  const known = settlements.get(name);
  if (known !== undefined) return known;
  const delta = movement?.delta ?? 0n;
  const settlement = {
    id: `stl_${settlements.size}`,
    external_payment_id: `ext_${settlements.size}`,
    direction: delta > 0n ? "payin" : delta < 0n ? "refund" : "payout",
    status: "confirmed",
    account_id: movement?.account ?? "",
    amount_minor: delta === 0n ? String(object["amount"]) : String(delta < 0n ? -delta : delta),
    currency: movement?.currency ?? "",
    metadata: { stripe_event_id: event.id },
  } as unknown as Settlement;
  settlements.set(name, settlement);
  return settlement;
}

function viewOf(event: HistoryEvent, settlement: Settlement | null): EventState {
  const same = { ok: true, event_id: event.id, event_type: event.type };
  const reason = settlement === null ? rightfulError(event) : null;
  const state = settlement !== null ? "forwarded" : reason === null ? "ignored" : "failed";
  const hasSnapshot = reason === null || reason.code === "EVENT_UNMAPPABLE";
  return {
    event_id: event.id,
    event_type: event.type,
    state,
    received_at: AT,
    attempts: settlement === null ? 0 : 1,
    next_retry_at: null,
    settlement,
    money: null,
    snapshot: hasSnapshot ? { ...same, state, settlement_id: settlement?.id ?? null } : null,
    last_error:
      reason === null
        ? null
        : { code: reason.code, ledger_code: reason.ledgerCode, ledger_status: null, message: "" },
    attempt_log: [],
    evidence: {
      body_sha256: "",
      payload_sha256: settlement === null ? null : `sha of ${event.id}`,
      ledger_event_id: null,
      signing_secret: "index 0",
    },
  } as Partial<EventState> as EventState;
}

function requestOf({ id }: HistoryEvent, seq: number): LoggedRequest {
  const body_sha256 = `sha of ${id}`;
  return {
    seq,
    idempotency_key: `stripe:event:${id}`,
    body_sha256,
    received_at: AT,
    fault: null,
    status: 201,
  };
}

function deliveredOf(snapshot: EventState["snapshot"]) {
  const accepted = snapshot !== null;
  const answers = new Set(accepted ? [JSON.stringify(snapshot)] : []);
  return { deliveries: 1, refused: accepted ? 0 : 1, lost: 0, accepted, answers, firsts: accepted ? 1 : 0 };
}

function rowOf({
  event_id,
  event_type,
  state,
  settlement,
  last_error,
  attempts,
  received_at,
}: EventState): EventRow {
  return {
    event_id,
    event_type,
    state,
    reason: null,
    error_code: last_error?.code ?? null,
    account_id: settlement?.account_id ?? null,
    payment_id: settlement?.external_payment_id ?? null,
    amount_minor: settlement?.amount_minor ?? null,
    currency: settlement?.currency ?? null,
    attempts,
    received_at,
    updated_at: received_at,
    next_retry_at: null,
  };
}

function balancesOf(movements: readonly Movement[], dids: readonly string[]): Evidence["balances"] {
  return new Map(
    dids.map(accountIdOf).map((account) => {
      const sums: Record<string, string> = {};
      for (const { currency, delta } of movements.filter((movement) => movement.account === account)) {
        if (delta !== 0n) sums[currency] = String(BigInt(sums[currency] ?? 0) + delta);
      }
      return [account, sums];
    }),
  );
}

function statsOf(rows: readonly EventRow[]): Evidence["stats"] {
  const states = Object.fromEntries(
    [...Map.groupBy(rows, ({ state }) => state)].map(([state, { length }]) => [state, length]),
  );
  const count = rows.filter(({ state }) => state === "failed").length;
  return { states, open: [{ currency: null, count, amount_minor: null }], rescues: 0 };
}
