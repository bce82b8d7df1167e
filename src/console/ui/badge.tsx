/** A state by colour, symbol and label: each alone is enough to recognize it. */
export interface BadgeProps {
  /** The colour, named for the event's state that has it too. */
  readonly color: "received" | "forwarding" | "forwarded" | "retrying" | "stuck" | "resolved" | "ignored";
  readonly symbol: string;
  readonly label: string;
}

export function Badge({ color, symbol, label }: BadgeProps) {
  return (
    <span class={`badge ${color}`}>
      <span class="sign" aria-hidden="true">
        {symbol}
      </span>
      {label}
    </span>
  );
}
