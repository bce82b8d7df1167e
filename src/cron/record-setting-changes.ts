/**
 * Stores and logs the settings that have changed since the last sweep. Not with the first request of an
 * isolate: while a deploy runs two versions, each of their isolates would change them once more.
 */
import type { Config } from "../config.ts";
import { log } from "../log.ts";
import { askSettings } from "../stored-settings/call-settings.ts";
import { changesOf, valuesOf } from "../stored-settings/setting-rules.ts";

/** Never throws. What was not stored is found again by the next sweep. */
export async function recordSettingChanges(env: Env, config: Config): Promise<void> {
  const stored = await askSettings(env, (stub) => stub.pin(valuesOf(config)));
  if (!stored.ok) return;
  // The configuration was accepted before, but perhaps against older values: another
  // version may have changed them since.
  const taken = changesOf(config, stored.value).filter(({ verdict }) => verdict === "taken");
  for (const { name, from, to } of taken) {
    const changed = await askSettings(env, (stub) => stub.change({ name, from, to }));
    if (changed.ok) log("warn", { msg: "setting_changed", setting: name, from, to });
  }
}
