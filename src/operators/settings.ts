/** What is stored of the settings that change the meaning of what is stored. */
import { z } from "zod";
import type { Failure } from "../errors.ts";
import { iso } from "../event/view.ts";
import type { Result } from "../result.ts";
import { askSettings } from "../stored-settings/call-settings.ts";
import { SETTING_NAMES } from "../stored-settings/setting-rules.ts";
import type { Settings } from "../stored-settings/settings-record.ts";
import { isoTimeSchema } from "../wire-schemas.ts";
import { ask, type OperatorCall } from "./operator-call.ts";

export const settingSchema = z.strictObject({
  name: z.enum(SETTING_NAMES),
  value: z.string(),
  since: isoTimeSchema,
  changed_from: z
    .string()
    .nullable()
    .meta({ description: "null: it has not changed since it was first seen." }),
});

export type SettingView = z.infer<typeof settingSchema>;

/** As stored. A change shows after the next sweep. */
export async function readSettings(call: OperatorCall): Promise<Result<readonly SettingView[], Failure>> {
  const stored = await ask(call, () => askSettings(call.env, (stub) => stub.pin({})));
  return stored.ok ? { ok: true, value: viewOf(stored.value) } : stored;
}

export function viewOf(settings: Settings): SettingView[] {
  return SETTING_NAMES.flatMap((name) => {
    const setting = settings[name];
    if (setting === undefined) return [];
    const { value, since, earlier } = setting;
    return { name, value, since: iso(since), changed_from: earlier.at(-1)?.value ?? null };
  });
}
