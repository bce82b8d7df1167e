/**
 * What is stored of the settings that change the meaning of what is stored: the value of each, since when,
 * and what it was before. Pure. Times are epoch milliseconds.
 */
import { z } from "zod";
import { storedFormat } from "../stored-version.ts";

/** While a deploy runs two versions, they may take turns: that must not fill the record. */
const EARLIER_LIMIT = 20;

const storedSettingSchema = z.strictObject({
  value: z.string(),
  since: z.int().nonnegative(),
  /** The oldest first, each value once. */
  earlier: z.array(z.strictObject({ value: z.string(), until: z.int().nonnegative() })).readonly(),
});

/** By name. A name that this version does not know is of another version, and stays. */
const settingsSchema = z.record(z.string(), storedSettingSchema).readonly();
/** Version 0 is nothing at all. */
export const storedSettings = storedFormat(
  "record of settings",
  z.strictObject({ settings: settingsSchema }),
  [() => ({ settings: {} })],
);

export type StoredSetting = z.infer<typeof storedSettingSchema>;
export type Settings = z.infer<typeof settingsSchema>;
export type SettingValues = Readonly<Record<string, string>>;

export interface SettingChange {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Throws on what a later version has stored: then nothing is answered, and nothing written over it. */
export function parseSettings(stored: unknown): Settings {
  return storedSettings.parse(stored).settings;
}

export function toStored(settings: Settings): object {
  return storedSettings.stamp({ settings });
}

/**
 * Adds what is not stored yet: the first value that is seen counts. The same
 * object when there is nothing to add.
 */
export function pinned(settings: Settings, values: SettingValues, now: number): Settings {
  const added = Object.entries(values).filter(([name]) => !Object.hasOwn(settings, name));
  if (added.length === 0) return settings;
  const stored = added.map(([name, value]) => [name, { value, since: now, earlier: [] }]);
  return { ...settings, ...Object.fromEntries(stored) };
}

/**
 * Only while the value is still `from`: of two that change it, or of a
 * call that is repeated, the first counts.
 */
export function changed(settings: Settings, { name, from, to }: SettingChange, now: number): Settings {
  const setting = settings[name];
  if (setting?.value !== from || from === to) return settings;
  const others = setting.earlier.filter(({ value }) => value !== from && value !== to);
  const earlier = [...others, { value: from, until: now }].slice(-EARLIER_LIMIT);
  return { ...settings, [name]: { value: to, since: now, earlier } };
}
