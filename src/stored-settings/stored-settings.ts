/**
 * The Durable Object that stores what settings were: one for the whole deployment. It connects the platform's
 * storage to the record, and has no rule of its own: the rules are of the version that asks, since it is that
 * version's settings.
 */
import { DurableObject } from "cloudflare:workers";
import { answerRpc, type RpcResult } from "../durable-object/rpc.ts";
import {
  changed,
  parseSettings,
  pinned,
  type SettingChange,
  type Settings,
  type SettingValues,
  toStored,
} from "./settings-record.ts";

const RECORD_KEY = "settings";

export class StoredSettings extends DurableObject<Env> {
  /**
   * All that is stored, and of these values each that was not: it is stored now, as the first that was seen.
   */
  pin(values: SettingValues): Promise<RpcResult<Settings>> {
    return this.#update((settings, now) => pinned(settings, values, now));
  }

  /** All that is stored afterwards. */
  change(change: SettingChange): Promise<RpcResult<Settings>> {
    return this.#update((settings, now) => changed(settings, change, now));
  }

  #update(step: (settings: Settings, now: number) => Settings): Promise<RpcResult<Settings>> {
    return answerRpc({ object: "stored_settings" }, () => {
      const { kv } = this.ctx.storage;
      const before = parseSettings(kv.get(RECORD_KEY));
      const after = step(before, Date.now());
      if (after !== before) kv.put(RECORD_KEY, toStored(after));
      return after;
    });
  }
}
