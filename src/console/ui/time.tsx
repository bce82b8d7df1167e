/** Times as people read them: in UTC, as logs and Stripe have them, and how long ago that is. */
import type { Child } from "hono/jsx";

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** "2026-11-20 14:03:22" */
export function utc(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}

/** "3 d 4 h", "12 min", "0 s": at most two units, and seconds only under a minute. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, size]) => whole >= size);
  const [name, size] = UNITS[first] ?? (["s", 1] as const);
  const [nextName, nextSize] = UNITS[first + 1] ?? (["s", 1] as const);
  const rest = Math.floor((whole % size) / nextSize);
  const isCoarse = first >= 0 && first < 2 && rest > 0;
  return `${Math.floor(whole / size)} ${name}${isCoarse ? ` ${rest} ${nextName}` : ""}`;
}

/** "12 min ago", "in 30 s" */
export function relative(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1_000;
  if (seconds > -1 && seconds < 1) return "just now";
  return seconds >= 0 ? `${duration(seconds)} ago` : `in ${duration(-seconds)}`;
}

export function Time({ at, now }: { at: string; now: number }) {
  return (
    <time datetime={at} class="time">
      {utc(at)} <span class="ago">{relative(at, now)}</span>
    </time>
  );
}

/** A name and its value. */
export function Fact({ name, children }: { name: string; children?: Child }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
