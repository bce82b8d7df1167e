/** A history in words: what happened at Stripe, and who did what, when. Pure. */
import type { History } from "./run-history.ts";
import type { HistoryEvent } from "../../scripts/proof/histories/history.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../scripts/lib/durations.ts";
import { type LogEntry, START } from "./world.ts";

/** The end is where it broke. What happened weeks before is rarely why. */
const LAST_LINES = 250;

/** `whole`: every event and every line, and not only those that the violations name. */
export function describeHistory(
  { seed, violations, atStripe, log }: Omit<History, "counts">,
  { whole }: { readonly whole: boolean },
): string {
  const named = atStripe.events.filter(({ id, movement }) =>
    violations.some((text) => names(text, id) || (movement !== null && text.includes(movement.name))),
  );
  const shown = whole || named.length === 0 ? atStripe.events : named;
  const ids = new Set(shown.map(({ id }) => id));
  const lines = (log ?? []).filter(({ who }) => whole || named.length === 0 || ids.has(who));
  const kept = whole ? lines : lines.slice(-LAST_LINES);
  const left = lines.length - kept.length;
  const accounts = [...atStripe.accounts].map(([id, opensAt]) => {
    return `  ${id} ${opensAt === null ? "never opens" : `opens at ${clock(opensAt)}`}`;
  });
  return [
    `Seed ${seed}. Stripe's API ${atStripe.asksStripe ? "can" : "cannot"} be asked. Time is days and hours since the start.`,
    "",
    "Accounts at the ledger:",
    ...accounts,
    "",
    "Events at Stripe:",
    ...shown.map(eventLine),
    "",
    ...(left > 0
      ? [`What happened, without the first ${left} lines (--verbose shows all):`]
      : ["What happened:"]),
    ...kept.map(logLine),
    "",
    ...(violations.length === 0 ? ["No violation."] : violations.map((text) => `VIOLATION  ${text}`)),
  ].join("\n");
}

/** `evt_1` is not named by `evt_12`. */
function names(text: string, id: string): boolean {
  return text.split(/[^A-Za-z0-9_]/).includes(id);
}

function eventLine({ id, type, at, heldFor, movement }: HistoryEvent): string {
  const money =
    movement === null ? "" : `${movement.name}: ${movement.account} ${movement.delta} ${movement.currency}`;
  return `  ${clock(at)}  ${id}  ${type.padEnd(32)} ${heldFor ?? ""}  ${money}`;
}

function logLine({ at, who, what }: LogEntry): string {
  return `  ${clock(at)}  ${who.padEnd(8)} ${what}`;
}

/** `2d 03:04:05.678` */
function clock(at: number): string {
  const since = at - START;
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const time = [(since % DAY) / HOUR, (since % HOUR) / MINUTE, (since % MINUTE) / SECOND].map(two).join(":");
  return `${Math.floor(since / DAY)}d ${time}.${String(since % SECOND).padStart(3, "0")}`;
}

/** How much of everything there was, so that a fault that never happened is seen. */
export function summarize(counts: ReadonlyMap<string, number>): string {
  const groups = [
    ["faults", "fault: "],
    ["crashes", "crash "],
    ["outcomes", "outcome: "],
    ["repairs", "repair: "],
    ["processes at the ledger that died", "died "],
    ["answers to Stripe", "answer: "],
    ["why events were ignored", "ignored: "],
    ["events in the end", "end: "],
  ] as const;
  const list = (entries: readonly (readonly [string, number])[]) =>
    entries
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, count]) => `${name} ${count.toLocaleString("en")}`)
      .join(", ");
  const all = [...counts];
  const rest = all.filter(([name]) => !groups.some(([, prefix]) => name.startsWith(prefix)));
  return [
    list(rest),
    ...groups.map(([title, prefix]) => {
      const members = all.filter(([name]) => name.startsWith(prefix));
      if (members.length === 0) return "";
      return `${title}: ${list(members.map(([name, count]) => [name.slice(prefix.length), count]))}`;
    }),
  ]
    .filter((line) => line !== "")
    .join("\n");
}
