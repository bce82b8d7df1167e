/** A position as text that an operator hands back. Opaque to him, checked by us. Pure. */
import { EVENT_ID } from "../event-id.ts";
import type { Position } from "./filter.ts";

const SHAPE = /^(0|[1-9][0-9]{0,14})\.(.+)$/;

/** In base64 without padding: of digits, a point and an event's id it makes neither "+" nor "/". */
export function encodeCursor({ received_at, event_id }: Position): string {
  return btoa(`${received_at}.${event_id}`).replaceAll("=", "");
}

/** Null for anything that {@link encodeCursor} did not make. */
export function decodeCursor(text: string): Position | null {
  const match = SHAPE.exec(plainOf(text));
  if (match === null) return null;
  const position = { received_at: Number(match[1]), event_id: String(match[2]) };
  if (!EVENT_ID.test(position.event_id)) return null;
  return encodeCursor(position) === text ? position : null;
}

function plainOf(text: string): string {
  try {
    return atob(text);
  } catch {
    return "";
  }
}
