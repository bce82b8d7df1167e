/**
 * The settings that change the meaning of what is stored already, and what may become of a change. Pure.
 *
 * - `taken`: it holds at once. The next sweep stores and logs it.
 * - `unconfirmed`: refused until an operator confirms it.
 * - `refused`: for good. The setting must be set back.
 *
 * docs/decisions/0017-settings-that-change.md has the reasons. No secret may be named
 * here: what is named is stored and shown.
 */
import type { Config } from "../config.ts";
import type { SettingChange, Settings, SettingValues, StoredSetting } from "./settings-record.ts";

type Verdict = "taken" | "unconfirmed" | "refused";

interface StoredRule {
  readonly valueOf: (config: Config) => string;
  readonly judge: (value: string, stored: StoredSetting) => Verdict;
}

const always = (verdict: Verdict) => (): Verdict => verdict;
const DAY_MS = 86_400_000;

const RULES = {
  /** The same name in another jurisdiction is another object: every record would be out of sight. */
  DATA_JURISDICTION: { valueOf: ({ jurisdiction }) => jurisdiction ?? "none", judge: always("refused") },
  /** Test events and live ones would be in one store, and in one ledger. */
  SETTLE_ENV: { valueOf: ({ settleEnv }) => settleEnv, judge: always("refused") },
  /** With fewer, rows in the shards beyond would be out of sight. */
  EVENT_INDEX_SHARDS: {
    valueOf: ({ indexShards }) => String(indexShards),
    judge: (value, stored) => (Number(value) < Number(stored.value) ? "refused" : "taken"),
  },
  /** At another ledger, whatever was sent to the one before would be booked once more. */
  LEDGER_BASE_URL: {
    valueOf: ({ ledger }) => ledger.address,
    // Two addresses of one ledger: a rollback brings the first one back, and needs nobody.
    judge: (value, { earlier }) => (earlier.some((known) => known.value === value) ? "taken" : "unconfirmed"),
  },
  LEDGER_CURRENCIES: {
    valueOf: ({ ledger }) => ledger.currencies.toSorted().join(","),
    judge: always("taken"),
  },
  EVENT_RETENTION_DAYS: {
    valueOf: ({ retentionMs }) => String(retentionMs / DAY_MS),
    judge: always("taken"),
  },
  STRIPE_ACCOUNT_METADATA_KEY: { valueOf: ({ accountKey }) => accountKey, judge: always("taken") },
} as const satisfies Readonly<Record<string, StoredRule>>;

export type SettingName = keyof typeof RULES;
export const SETTING_NAMES = Object.keys(RULES) as SettingName[];

export interface JudgedChange extends SettingChange {
  readonly name: SettingName;
  readonly verdict: Verdict;
}

export function valuesOf(config: Config): SettingValues {
  return Object.fromEntries(SETTING_NAMES.map((name) => [name, RULES[name].valueOf(config)]));
}

/** What differs from what is stored. */
export function changesOf(config: Config, stored: Settings): JudgedChange[] {
  return SETTING_NAMES.flatMap((name) => {
    const rule: StoredRule = RULES[name];
    const to = rule.valueOf(config);
    const setting = stored[name];
    if (setting === undefined || setting.value === to) return [];
    return { name, from: setting.value, to, verdict: rule.judge(to, setting) };
  });
}

/** One sentence for an operator. */
export function refusalText({ name, from, to, verdict }: JudgedChange): string {
  const text = `${name}: fixed as "${from}", now it is "${to}". Set it back`;
  return verdict === "unconfirmed" ? `${text}, or confirm that it is the same ledger.` : `${text}.`;
}
