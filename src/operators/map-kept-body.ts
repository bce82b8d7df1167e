/** What the mapper makes of a kept event now. Pure. */
import type { Config } from "../config.ts";
import { mapOptionsOf } from "../delivery/prepare.ts";
import { mapEvent } from "../settlement/map.ts";
import type { Mapping } from "../settlement/mapping.ts";
import { parseEvent } from "../stripe/event.ts";

/** `assigned`: the account that an operator named. null: the body is no event, as it was when it was kept. */
export function mapKeptBody(body: Uint8Array, config: Config, assigned?: string): Mapping | null {
  const parsed = parseEvent(body);
  if (parsed.kind !== "event") return null;
  return mapEvent(parsed.event, { ...mapOptionsOf(config), ...(assigned !== undefined && { assigned }) });
}
