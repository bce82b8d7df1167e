/** An event's state by colour, symbol and label: any one of them is enough to recognize it. */
import type { State } from "../../event/states.ts";

/** A failed event has two badges: one is retried by itself, the other waits for a person. */
export type BadgeName = Exclude<State, "failed"> | "retrying" | "stuck";

const BADGES: Readonly<Record<BadgeName, { readonly symbol: string; readonly label: string }>> = {
  received: { symbol: "◔", label: "received" },
  forwarding: { symbol: "◑", label: "forwarding" },
  forwarded: { symbol: "✓", label: "forwarded" },
  retrying: { symbol: "↻", label: "failed, retrying" },
  stuck: { symbol: "✕", label: "failed, needs you" },
  resolved: { symbol: "●", label: "resolved" },
  ignored: { symbol: "–", label: "ignored" },
};

export function badgeOf({ state, next_retry_at }: { state: State; next_retry_at: string | null }): BadgeName {
  if (state !== "failed") return state;
  return next_retry_at === null ? "stuck" : "retrying";
}

export function badgeLabel(badge: BadgeName): string {
  return BADGES[badge].label;
}

/** `bare`: the state alone, where many events are counted that share it. */
export function Badge({ badge, bare = false }: { badge: BadgeName; bare?: boolean }) {
  const { symbol, label } = BADGES[badge];
  return (
    <span class={`badge ${badge}`}>
      <span class="sign" aria-hidden="true">
        {symbol}
      </span>
      {bare ? label.split(",")[0] : label}
    </span>
  );
}
