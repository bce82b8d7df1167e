/**
 * A position in the list of events as an opaque text, which an operator hands back for the next page. Pure.
 */
import { EVENT_ID } from "../event-id.ts";
import type { Position } from "./filter.ts";

const TIME_AND_ID = /^(0|[1-9][0-9]{0,14})\.(.*)$/;

/** In base64 without padding: of digits, a point and an event's id it makes neither "+" nor "/". */
export function encodeCursor({ received_at, event_id }: Position): string {
  return btoa(`${received_at}.${event_id}`).replaceAll("=", "");
}

/** Null for anything that {@link encodeCursor} did not make. */
export function decodeCursor(text: string): Position | null {
  const [, time, event_id = ""] = TIME_AND_ID.exec(plainOf(text)) ?? [];
  if (!EVENT_ID.test(event_id)) return null;
  const position = { received_at: Number(time), event_id };
  return encodeCursor(position) === text ? position : null;
}

function plainOf(text: string): string {
  try {
    return atob(text);
  } catch {
    return "";
  }
}
