/**
 * The text of an alert. Ids, types, sums and words of our own: no body, no customer, no secret.
 *
 * Chat tools take `<…>` for links and mentions, and an event's type comes from outside: so it is escaped as
 * they require (api.slack.com/reference/surfaces/formatting#escaping). Pure.
 */
import type { LongOpen, PermanentFailure } from "../event-index/alert-facts.ts";
import { type Money, sumByCurrency } from "../event-index/sum-by-currency.ts";
import { formatMoney } from "../format-money.ts";

/**
 * More than anybody reads. Ids have the length that Stripe gives them: the text stays
 * under the 4,000 characters of chat tools.
 */
const LISTED = 20;
const MINUTE_MS = 60_000;
/** An event's type has no bound of its own. */
const TYPE_MAX_CHARS = 60;

export function failuresText(settleEnv: string, failures: readonly PermanentFailure[]): string {
  const rest = failures.length - LISTED;
  return lines([
    `clawsettle ${settleEnv}: ${counted(failures.length)} failed for good and ${failures.length === 1 ? "needs" : "need"} an operator. ${sumsText(sumsOf(failures))}`,
    ...failures.slice(0, LISTED).map(failureLine),
    ...(rest > 0 ? [`… and ${rest} more`] : []),
    "Look: /console/events?state=failed",
  ]);
}

export function longOpenText(
  settleEnv: string,
  { money, oldest }: { money: readonly Money[]; oldest: number },
  openAgeMs: number,
  now: number,
): string {
  const sums = sumByCurrency(money);
  const count = sums.reduce((total, sum) => total + sum.count, 0);
  return lines([
    `clawsettle ${settleEnv}: ${counted(count)} ${count === 1 ? "has" : "have"} been open for over ${minutes(openAgeMs)}, the oldest for ${minutes(now - oldest)}. ${sumsText(sums)}`,
    "Look: /console",
  ]);
}

/** Over all shards. */
export function longOpenOfAll(parts: readonly LongOpen[]): LongOpen {
  const oldest = parts.flatMap((part) => part.oldest ?? []);
  return {
    money: sumByCurrency(parts.flatMap((part) => part.money)),
    oldest: oldest.length === 0 ? null : Math.min(...oldest),
    unreported: parts.reduce((total, part) => total + part.unreported, 0),
  };
}

function failureLine({ event_id, event_type, reason, amount_minor, currency }: PermanentFailure): string {
  return `• ${event_id} ${escaped(shortened(event_type))}, ${amountText(amount_minor, currency)}: ${reason ?? "unknown"}`;
}

function sumsOf(failures: readonly PermanentFailure[]): Money[] {
  return sumByCurrency(failures.map(({ currency, amount_minor }) => ({ currency, amount_minor, count: 1 })));
}

function sumsText(sums: readonly Money[]): string {
  return `${sums.map(({ amount_minor, currency }) => amountText(amount_minor, currency)).join(", ")}.`;
}

function amountText(amountMinor: string | null, currency: string | null): string {
  if (amountMinor === null || currency === null) return "unknown amount";
  // The no-break space is for pages.
  return formatMoney(amountMinor, currency).replaceAll("\u00a0", " ");
}

function counted(count: number): string {
  return count === 1 ? "1 event" : `${count} events`;
}

function minutes(ms: number): string {
  return `${Math.floor(ms / MINUTE_MS)} min`;
}

function shortened(type: string): string {
  return type.length > TYPE_MAX_CHARS ? `${type.slice(0, TYPE_MAX_CHARS)}…` : type;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function lines(all: readonly string[]): string {
  return all.join("\n");
}
