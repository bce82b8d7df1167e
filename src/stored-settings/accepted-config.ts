/**
 * The configuration, if it fits what is stored of the one before. Whoever touches an event, the
 * index or the ledger takes it from here.
 *
 * Asked once per isolate: a deploy makes new ones, and nothing else changes a setting. It fails closed: while
 * the stored settings cannot be read, nothing is taken, because money that was sent to the wrong ledger
 * cannot be called back, while Stripe and the alarms come again.
 */
import { type Config, loadConfig } from "../config.ts";
import { log } from "../log.ts";
import { askSettings } from "./call-settings.ts";
import { changesOf, refusalText, valuesOf } from "./setting-rules.ts";

export type AcceptedConfig =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      readonly missing: readonly string[];
      readonly invalid: readonly string[];
      /** Why a changed setting is refused, one sentence each. For operators: the sentences have values. */
      readonly refused: readonly string[];
    };

/**
 * How long a refusal holds: an operator who confirms a change, or an object that
 * is back, must not wait for a deploy.
 */
const REFUSAL_MS = 1_000;

/** Results, and no promise: one request must not wait for another's I/O. */
const known = new WeakMap<object, { readonly accepted: AcceptedConfig; readonly until: number }>();

/** Never throws. */
export async function acceptedConfig(env: Env): Promise<AcceptedConfig> {
  const configured = loadConfig(env);
  if (!configured.ok) return { ...configured, refused: [] };
  const before = known.get(env);
  if (before !== undefined && Date.now() < before.until) return before.accepted;
  const accepted = await check(env, configured.config);
  known.set(env, { accepted, until: accepted.ok ? Infinity : Date.now() + REFUSAL_MS });
  return accepted;
}

async function check(env: Env, config: Config): Promise<AcceptedConfig> {
  const stored = await askSettings(env, (stub) => stub.pin(valuesOf(config)));
  if (!stored.ok) return { ok: false, missing: ["STORED_SETTINGS"], invalid: [], refused: [] };
  const refused = changesOf(config, stored.value).filter(({ verdict }) => verdict !== "taken");
  if (refused.length === 0) return { ok: true, config };
  for (const { name, from, to } of refused) log("error", { msg: "setting_refused", setting: name, from, to });
  return {
    ok: false,
    missing: [],
    invalid: refused.map(({ name }) => name),
    refused: refused.map(refusalText),
  };
}
