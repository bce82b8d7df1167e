/**
 * Builders: one record per state, and what can happen to it. Every record has passed the store's own schema.
 */
import { type EventRecord, type RecordIn } from "../../src/event/record.ts";
import { parseRecord } from "../../src/event/stored-record.ts";
import type { Context, Delivery, Input, OperatorRetry, Policy } from "../../src/event/machine-types.ts";
import type {
  LedgerSettlement,
  LedgerOutcome,
  SettlementLookup,
  SettleOutcome,
} from "../../src/ledger/port.ts";
import type { Mapping } from "../../src/settlement/mapping.ts";
import type { Question } from "../../src/settlement/questions.ts";
import { freeze, type Settlement, type SettlementDraft } from "../../src/settlement/settlement.ts";

export const SECOND = 1_000;
export const HOUR = 3_600 * SECOND;
export const DAY = 24 * HOUR;
/** When the event was first delivered. */
export const T0 = 1_800_000_000_000;
export const EVENT_ID = "evt_1Test";

export const POLICY: Policy = {
  ledgerTimeoutMs: 10 * SECOND,
  currencies: ["USD"],
  retryBaseMs: 15 * SECOND,
  retryMaxMs: HOUR,
  retryHorizonMs: 72 * HOUR,
  retentionMs: 30 * DAY,
};
/** The lease of one turn: waiting for it, the ledger's timeout and the margin. */
export const LEASE = 20 * SECOND;
/** The lease of two questions and the turn after them. */
export const QUESTION_LEASE = 40 * SECOND;

export const DRAFT: SettlementDraft = {
  provider: "stripe",
  external_payment_id: "re_1",
  direction: "refund",
  status: "confirmed",
  amount_minor: "500",
  currency: "USD",
  network: "stripe",
  metadata: { stripe_event_id: EVENT_ID, stripe_event_type: "refund.created", stripe_object_id: "re_1" },
};
export const QUESTION: Question = { kind: "payin", payment: "pi_1", may_be_release: false };
/** The ledger holds the payin of `pi_1`. */
export const PAYIN_HELD = {
  kind: "found",
  settlement: {
    id: "stl_0",
    account_id: "acc_7",
    amount_minor: "1234",
    currency: "USD",
    status: "confirmed",
    latest_event_id: "led_0",
    released_minor: null,
  },
} as const satisfies SettlementLookup;

export const SETTLEMENT: Settlement = {
  provider: "stripe",
  external_payment_id: "pi_1",
  direction: "payin",
  status: "confirmed",
  amount_minor: "1234",
  currency: "USD",
  network: "stripe",
  rail: "card",
  metadata: {
    stripe_event_id: EVENT_ID,
    stripe_event_type: "payment_intent.succeeded",
    stripe_object_id: "pi_1",
  },
  account_id: "acc_1",
};
/** The same as the ledger shows it. */
export const HELD: LedgerSettlement = {
  id: "stl_1",
  latest_event_id: "led_1",
  account_id: "acc_1",
  amount_minor: SETTLEMENT.amount_minor,
  currency: SETTLEMENT.currency,
  status: SETTLEMENT.status,
  released_minor: null,
};
export const PAYLOAD = freeze(SETTLEMENT);
const EUROS = { ...SETTLEMENT, currency: "EUR" };
export const EUROS_PAYLOAD = freeze(EUROS);
export const MONEY_IN_EUROS = { kind: "settlement", settlement: EUROS } as const satisfies Mapping;

export const MONEY = { kind: "settlement", settlement: SETTLEMENT } as const satisfies Mapping;
export const ASKING = { kind: "question", draft: DRAFT, question: QUESTION } as const satisfies Mapping;
export const IGNORED = { kind: "ignored", reason: "not_a_settlement_event" } as const satisfies Mapping;
export const UNMAPPABLE = {
  kind: "unmappable",
  reason: "account_missing",
  money: { direction: "payin", external_payment_id: "pi_1", amount_minor: "1234", currency: "USD" },
} as const satisfies Mapping;

export const FROZEN = { kind: "frozen", payload: PAYLOAD } as const;
export const BODY = new TextEncoder().encode('{"id":"evt_1Test"}');
export const DRAFTED = { kind: "draft", draft: DRAFT, question: QUESTION, body: BODY } as const;

export const ACCEPTED = {
  kind: "accepted",
  ledger_status: 201,
  settlement_id: "stl_1",
  ledger_event_id: "led_1",
} as const satisfies SettleOutcome;
export const REJECTED = {
  kind: "rejected",
  ledger_status: 400,
  ledger_code: "INVALID_REQUEST",
} as const satisfies LedgerOutcome;
export const UNAVAILABLE = {
  kind: "unavailable",
  ledger_status: 503,
  ledger_code: null,
  retry_after_ms: null,
} as const satisfies LedgerOutcome;
export const UNKNOWN = {
  kind: "unknown",
  why: "timeout",
  ledger_status: null,
} as const satisfies LedgerOutcome;

export const UNPROVEN = {
  kind: "unproven",
  ledger_status: 200,
  settlement_id: "stl_1",
} as const satisfies SettleOutcome;
export const BUSY = { kind: "busy", retry_after_ms: 7_000 } as const satisfies SettleOutcome;

const BODY_SHA256 = new Uint8Array(32).fill(0xab);

/** A SHA-256 that is told apart at sight. */
export function digest(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

const COMMON = {
  event_id: EVENT_ID,
  event_type: "payment_intent.succeeded",
  livemode: false,
  api_version: "2026-10-28",
  account: null,
  received_at: T0,
  updated_at: T0,
  revision: 1,
  deliveries: 1,
  attempts: 1,
  log: [],
  body_sha256: BODY_SHA256,
  secret: 0,
  conflict: null,
  actions: [],
} as const;

const ERROR = { outcome: "unavailable", detail: "answered", ledger_status: 503, ledger_code: null } as const;
const REJECTION = {
  outcome: "rejected",
  detail: "answered",
  ledger_status: 400,
  ledger_code: "INVALID_REQUEST",
} as const;

type Overrides = Readonly<Record<string, unknown>>;
type FailedAt = Extract<RecordIn<"failed">, { cause: "ledger" }>;
type Unmappable = Extract<RecordIn<"failed">, { cause: "unmappable" }>;
type Held = Extract<RecordIn<"failed">, { cause: "currency" }>;

function build<R extends EventRecord>(fields: Overrides, overrides: Overrides): R {
  return parseRecord({ ...COMMON, ...fields, ...overrides }) as R;
}

const attemptAt = (startedAt: number, leaseMs: number) => ({
  trigger: "delivery",
  started_at: startedAt,
  lease_expires_at: startedAt + leaseMs,
});

export const received = (overrides: Overrides = {}) =>
  build<RecordIn<"received">>(
    { state: "received", work: DRAFTED, attempt: attemptAt(T0, QUESTION_LEASE) },
    overrides,
  );

export const forwarding = (overrides: Overrides = {}) =>
  build<RecordIn<"forwarding">>(
    { state: "forwarding", work: FROZEN, attempt: attemptAt(T0, LEASE) },
    overrides,
  );

export const forwarded = (overrides: Overrides = {}) =>
  build<RecordIn<"forwarded">>(
    {
      state: "forwarded",
      payload: PAYLOAD,
      status: 201,
      settlement_id: "stl_1",
      effect: "led_1",
      revision: 2,
    },
    overrides,
  );

/** Attempt 1 failed at T0; the next one is due at T0 + 15 s. */
export const healing = (overrides: Overrides = {}) =>
  build<FailedAt>(
    {
      state: "failed",
      cause: "ledger",
      work: FROZEN,
      error: ERROR,
      next_retry_at: T0 + 15 * SECOND,
      revision: 2,
    },
    overrides,
  );

/** The ledger does not hold the payin yet. */
export const healingDraft = (overrides: Overrides = {}) =>
  healing({
    work: DRAFTED,
    error: { ...ERROR, ledger_status: 404, ledger_code: "ACCOUNT_NOT_RESOLVED" },
    ...overrides,
  });

export const failedForGood = (overrides: Overrides = {}) =>
  healing({ error: REJECTION, next_retry_at: null, ...overrides });

/** The first answer showed no effect, and the look at the ledger's books neither. */
export const unproven = (overrides: Overrides = {}) =>
  healing({
    work: { ...FROZEN, unproven: { since: T0, reads: 1 } },
    error: {
      outcome: "unproven",
      detail: "stl_1",
      ledger_status: 200,
      ledger_code: "EFFECT_UNPROVEN",
    },
    next_retry_at: T0 + 20 * SECOND,
    ...overrides,
  });

/** The account's lane was busy: nothing was sent. */
export const busy = (overrides: Overrides = {}) =>
  healing({
    attempts: 0,
    error: { outcome: "busy", detail: "lane_busy", ledger_status: null, ledger_code: "LANE_BUSY" },
    next_retry_at: T0 + 7 * SECOND,
    busy: 1,
    ...overrides,
  });

/** The ledger's accounts hold no euros. */
export const held = (overrides: Overrides = {}) =>
  build<Held>(
    {
      state: "failed",
      cause: "currency",
      work: { kind: "frozen", payload: EUROS_PAYLOAD },
      attempts: 0,
    },
    overrides,
  );

export const unmappable = (overrides: Overrides = {}) =>
  build<Unmappable>(
    {
      state: "failed",
      cause: "unmappable",
      reason: "account_missing",
      body: BODY,
      attempts: 0,
    },
    overrides,
  );

export const resolved = (overrides: Overrides = {}) =>
  build<RecordIn<"resolved">>(
    { state: "resolved", work: FROZEN, reason: null, error: REJECTION, revision: 3 },
    overrides,
  );

export const ignored = (overrides: Overrides = {}) =>
  build<RecordIn<"ignored">>({ state: "ignored", reason: "not_a_settlement_event", attempts: 0 }, overrides);

/** Every state once, by the name that test titles use. */
export const EVERY_STATE = {
  received,
  forwarding,
  forwarded,
  "failed(healing)": healing,
  "failed(draft)": healingDraft,
  "failed(for good)": failedForGood,
  "failed(unproven)": unproven,
  "failed(busy)": busy,
  "failed(currency)": held,
  "failed(unmappable)": unmappable,
  resolved,
  ignored,
} as const satisfies Record<string, (overrides?: Overrides) => EventRecord>;

export function delivery(overrides: Partial<Delivery> = {}): Delivery {
  return {
    event_id: EVENT_ID,
    event_type: "payment_intent.succeeded",
    livemode: false,
    api_version: "2026-10-28",
    stripe_account: null,
    mapping: MONEY,
    body_sha256: BODY_SHA256,
    secret_index: 0,
    body: null,
    request_id: "req_1",
    ...overrides,
  };
}

export function delivered(overrides: Partial<Delivery> = {}): Input {
  return { kind: "delivery", delivery: delivery(overrides) };
}

export function operatorRetry(overrides: Partial<OperatorRetry> = {}): OperatorRetry {
  return { actor: "ana", note: null, scope: "any", mapping: null, ...overrides };
}

export function retried(overrides: Partial<OperatorRetry> = {}): Input {
  return { kind: "operator_retry", retry: operatorRetry(overrides) };
}

export const RESOLVED: Input = { kind: "operator_resolve", actor: "ana", note: "refunded by hand" };

/** A moment after T0, in milliseconds. Nothing is in flight unless said. */
export function at(afterT0: number, overrides: Partial<Context> = {}): Context {
  return { now: T0 + afterT0, random: 0.5, policy: POLICY, inFlight: false, ...overrides };
}
