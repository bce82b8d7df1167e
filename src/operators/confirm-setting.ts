/**
 * An operator confirms that the ledger at the configured address is the one of before, under another address.
 * Another ledger cannot be confirmed: it would book once more whatever the one before has booked.
 */
import { z } from "zod";
import { type Config, loadConfig } from "../config.ts";
import type { Failure } from "../errors.ts";
import { listEvents } from "../event-index/queries.ts";
import type { EventSummary } from "../event-index/event-summary.ts";
import { connectLedger } from "../ledger/connect.ts";
import type { Ledger } from "../ledger/port.ts";
import { log } from "../log.ts";
import type { Result } from "../result.ts";
import { askSettings } from "../stored-settings/call-settings.ts";
import { changesOf, refusalText } from "../stored-settings/setting-rules.ts";
import type { Settings } from "../stored-settings/settings-record.ts";
import { countSchema } from "../wire-schemas.ts";
import { ledgerUnavailable, notConfigured, type OperatorCall } from "./operator-call.ts";
import type { ConfirmSettingRequest } from "./requests.ts";
import { settingSchema, viewOf } from "./settings.ts";

/** The latest: a copy of the ledger from yesterday has all but these. */
const SETTLEMENTS_COMPARED = 5;

export const confirmedSettingsSchema = z.strictObject({
  settings: z.array(settingSchema).readonly(),
  settlements_compared: countSchema.meta({
    description:
      "How many of the latest settlements the ledger was found to hold; 0: none was forwarded yet.",
  }),
});

type Confirmed = z.infer<typeof confirmedSettingsSchema>;

export async function confirmSetting(
  call: OperatorCall,
  { setting, actor, note }: ConfirmSettingRequest,
): Promise<Result<Confirmed, Failure>> {
  const configured = loadConfig(call.env);
  if (!configured.ok) return { ok: false, failure: notConfigured({ ...configured, refused: [] }) };
  const { config } = configured;
  const stored = await askSettings(call.env, (stub) => stub.pin({}));
  if (!stored.ok) return unavailable();
  const change = confirmable(config, stored.value, setting);
  if (!change.ok) return change;
  const compared = await compareLatest(call, config);
  if (!compared.ok) return compared;
  const changed = await askSettings(call.env, (stub) => stub.change(change.value));
  if (!changed.ok) return unavailable();
  const { from, to } = change.value;
  log("warn", { msg: "setting_confirmed", request_id: call.requestId, setting, from, to, actor, note });
  return { ok: true, value: { settings: viewOf(changed.value), settlements_compared: compared.value } };
}

function confirmable(config: Config, stored: Settings, setting: string) {
  const changes = changesOf(config, stored);
  const refused = changes.filter(({ verdict }) => verdict === "refused");
  // The shards that are asked below would be the wrong ones.
  if (refused.length > 0) {
    const invalid = refused.map(({ name }) => name);
    const failure = notConfigured({ missing: [], invalid, refused: refused.map(refusalText) });
    return { ok: false, failure } as const;
  }
  const change = changes.find(({ name, verdict }) => name === setting && verdict === "unconfirmed");
  return change === undefined
    ? notConfirmable(`${setting} needs no confirmation.`)
    : ({ ok: true, value: change } as const);
}

/**
 * How many settlements the ledger holds of those that were forwarded last.
 * One that it does not hold is enough.
 */
async function compareLatest(call: OperatorCall, config: Config): Promise<Result<number, Failure>> {
  const index = { env: call.env, shards: config.indexShards };
  const filter = { state: "forwarded", type: "payment_intent.succeeded" } as const;
  const page = await listEvents(index, filter, null, SETTLEMENTS_COMPARED);
  if (page === null) return unavailable();
  const ledger = connectLedger(call.env, config.ledger);
  for (const event of page.events) {
    const failure = await refuseOther(ledger, event);
    if (failure !== null) return { ok: false, failure };
  }
  return { ok: true, value: page.events.length };
}

/** null: the ledger holds the payment as this event settled it. */
async function refuseOther(
  ledger: Pick<Ledger, "findSettlement">,
  { event_id, payment_id, account_id, amount_minor, currency }: EventSummary,
): Promise<Failure | null> {
  const found = await ledger.findSettlement(payment_id ?? "", "payin");
  if (found.kind !== "found" && found.kind !== "absent") return ledgerUnavailable(found);
  const held = found.kind === "found" ? found.settlement : null;
  const isHeld =
    held?.account_id === account_id && held?.amount_minor === amount_minor && held?.currency === currency;
  if (isHeld) return null;
  return {
    kind: "not_confirmable",
    why: `The ledger there does not hold what ${event_id} settled: it is another one.`,
  };
}

function notConfirmable(why: string) {
  return { ok: false, failure: { kind: "not_confirmable", why } } as const;
}

function unavailable() {
  return { ok: false, failure: { kind: "event_object_unavailable" } } as const;
}
