/** One event's whole state, with what only the alarm and WebCrypto can tell. */
import { sha256Hex, utf8 } from "../bytes.ts";
import type { EventState } from "./event-state.ts";
import type { Alarm } from "./ports.ts";
import type { EventRecord } from "./record.ts";
import { payloadOf, stateOf } from "./view.ts";

export async function describeEvent(record: EventRecord, alarm: Pick<Alarm, "get">): Promise<EventState> {
  const payload = payloadOf(record);
  const payloadSha256 = payload === null ? null : await sha256Hex(utf8(payload));
  return stateOf(record, await alarm.get(), payloadSha256);
}
