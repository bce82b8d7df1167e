/** An event's state as a badge. */
import type { State } from "../../event-index/event-summary.ts";
import { Badge, type BadgeProps } from "./badge.tsx";

/** A failed event has two badges: one is retried by itself, the other waits for a person. */
const BADGES: Readonly<Record<Exclude<State, "failed"> | "retrying" | "stuck", BadgeProps>> = {
  received: { color: "received", symbol: "◔", label: "received" },
  forwarding: { color: "forwarding", symbol: "◑", label: "forwarding" },
  forwarded: { color: "forwarded", symbol: "✓", label: "forwarded" },
  retrying: { color: "retrying", symbol: "↻", label: "failed, retrying" },
  stuck: { color: "stuck", symbol: "✕", label: "failed, needs you" },
  resolved: { color: "resolved", symbol: "●", label: "resolved" },
  ignored: { color: "ignored", symbol: "–", label: "ignored" },
};

interface Shown {
  readonly state: State;
  readonly next_retry_at: string | null;
}

export function badgeOf({ state, next_retry_at }: Shown): BadgeProps {
  if (state !== "failed") return BADGES[state];
  return next_retry_at === null ? BADGES.stuck : BADGES.retrying;
}

export function EventBadge({ event }: { event: Shown }) {
  return <Badge {...badgeOf(event)} />;
}
