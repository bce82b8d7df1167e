/** A state by colour, sign and word: no one of them is needed to tell it. */
import type { EventSummary } from "../../event-index/event-summary.ts";

export type State = EventSummary["state"];
/** Failed has two faces: one heals by itself, the other waits for a person. */
export type Face = Exclude<State, "failed"> | "retrying" | "stuck";

const FACES: Readonly<Record<Face, { readonly sign: string; readonly word: string }>> = {
  received: { sign: "◔", word: "received" },
  forwarding: { sign: "◑", word: "forwarding" },
  forwarded: { sign: "✓", word: "forwarded" },
  retrying: { sign: "↻", word: "failed, retrying" },
  stuck: { sign: "✕", word: "failed, needs you" },
  resolved: { sign: "●", word: "resolved" },
  ignored: { sign: "–", word: "ignored" },
};

export function faceOf({ state, next_retry_at }: { state: State; next_retry_at: unknown }): Face {
  if (state !== "failed") return state;
  return next_retry_at === null ? "stuck" : "retrying";
}

export function wordOf(face: Face): string {
  return FACES[face].word;
}

/** `bare`: the state alone, where many events are counted that share it. */
export function Badge({ face, bare = false }: { face: Face; bare?: boolean }) {
  const { sign, word } = FACES[face];
  return (
    <span class={`badge ${face}`}>
      <span class="sign" aria-hidden="true">
        {sign}
      </span>
      {bare ? word.split(",")[0] : word}
    </span>
  );
}
