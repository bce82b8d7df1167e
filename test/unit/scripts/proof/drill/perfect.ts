/** The evidence of a drill in which everything went well: what a verdict must find nothing against. */
import { accountIdOf } from "../../../../../scripts/lib/account-id.ts";
import type { ToldEvent } from "../../../../../scripts/proof/histories/history.ts";
import type { Evidence } from "../../../../../scripts/proof/drill/evidence.ts";
import { rightlyFailed } from "../../../../../scripts/proof/drill/judge/events.ts";
import type { EventRow, EventView } from "../../../../../scripts/proof/drill/operator.ts";
import { type DrillStory, fateOf } from "../../../../../scripts/proof/drill/plan-histories.ts";
import type { Settlement } from "../../../../../scripts/sandbox/ledger/contract.ts";
import type { LoggedRequest } from "../../../../../scripts/sandbox/ledger/request-log.ts";

const AT = "2027-01-15T08:00:00.000Z";

export function perfectEvidence({ events, movements, dids }: DrillStory): Evidence {
  const settlements = new Map<unknown, Settlement>();
  const requests: LoggedRequest[] = [];
  const views = new Map<string, EventView>();
  for (const event of events) {
    const isForwarded = fateOf(event).startsWith("forwarded");
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
    balances: balancesOf(movements, dids),
    stats: statsOf(rows),
  };
}

function settlementOf(event: ToldEvent, settlements: Map<unknown, Settlement>): Settlement {
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

function viewOf(event: ToldEvent, settlement: Settlement | null): EventView {
  const told = { ok: true, event_id: event.id, event_type: event.type };
  const reason = settlement === null ? rightlyFailed(event) : null;
  const state = settlement !== null ? "forwarded" : reason === null ? "ignored" : "failed";
  const hasSnapshot = reason === null || reason.code === "EVENT_UNMAPPABLE";
  return {
    event_id: event.id,
    event_type: event.type,
    state,
    received_at: AT,
    attempts: settlement === null ? 0 : 1,
    next_retry_at: null,
    settlement: settlement as Readonly<Record<string, unknown>> | null,
    snapshot: hasSnapshot ? { ...told, state, settlement_id: settlement?.id ?? null } : null,
    last_error: reason === null ? null : { code: reason.code, ledger_code: reason.ledgerCode },
    attempt_log: [],
    evidence: { payload_sha256: settlement === null ? null : `sha of ${event.id}` },
  };
}

function requestOf({ id }: ToldEvent, seq: number): LoggedRequest {
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

function deliveredOf(snapshot: EventView["snapshot"]) {
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
}: EventView): EventRow {
  const {
    account_id = null,
    external_payment_id = null,
    amount_minor = null,
    currency = null,
  } = (settlement ?? {}) as Partial<Settlement>;
  return {
    event_id,
    event_type,
    state,
    reason: null,
    error_code: last_error?.code ?? null,
    account_id,
    payment_id: external_payment_id,
    amount_minor,
    currency,
    attempts,
    received_at,
    next_retry_at: null,
  };
}

function balancesOf(movements: Evidence["movements"], dids: readonly string[]): Evidence["balances"] {
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
