/** A position as text that an operator hands back. Opaque to him, checked by us. Pure. */
import type { Position } from "./filter.ts";

const SHAPE = /^(0|[1-9][0-9]{0,14})\.(evt_[A-Za-z0-9_]{1,250})$/;

export function encodeCursor({ received_at, event_id }: Position): string {
  return btoa(`${received_at}.${event_id}`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Null for anything that {@link encodeCursor} did not make. */
export function decodeCursor(text: string): Position | null {
  if (!/^[A-Za-z0-9_-]{1,400}$/.test(text)) return null;
  let plain: string;
  try {
    plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return null;
  }
  const [, receivedAt, eventId] = SHAPE.exec(plain) ?? [];
  if (receivedAt === undefined || eventId === undefined) return null;
  const position = { received_at: Number(receivedAt), event_id: eventId };
  return encodeCursor(position) === text ? position : null;
}
