/** Which events clawsettle or Stripe's list has of some money, and what became of each. */
import { concurrently } from "../concurrently.ts";
import type { Key } from "./expected-settlement.ts";
import type { AuditPorts } from "./ports.ts";

const CONCURRENCY = 4;
/** Twins and updates of one movement; the first of them say enough. */
const EVENTS_MAX = 10;

const UNKNOWN = { state: "missing", settlement: null } as const;
const UNREACHABLE = { state: "unreachable", settlement: null } as const;

export interface EventOfMoney {
  /** `missing`: Stripe lists it, and clawsettle has not got it. `unreachable`: its object did not answer. */
  readonly state: string;
  /** Whether it is recorded with a settlement. */
  readonly is_settlement: boolean;
}

/**
 * Those of the window, which the run has walked; else those in the index. Events that are recorded with
 * another settlement are of other money: a refund's, of its return. null: a shard of the index is out of
 * reach.
 */
export async function eventsOfMoney(
  key: Key,
  names: readonly string[],
  ports: Pick<AuditPorts, "tables" | "findEvents" | "inspect">,
): Promise<readonly EventOfMoney[] | null> {
  const walked = names.flatMap((name) => ports.tables.eventsNamed(name, EVENTS_MAX));
  const ids = walked.length > 0 ? walked : await indexed(names, ports);
  if (ids === null) return null;
  const some = [...new Set(ids)].slice(0, EVENTS_MAX);
  const states = await concurrently(some, CONCURRENCY, ports.inspect);
  const found: EventOfMoney[] = [];
  for (const answer of states) {
    // One object that does not answer must not keep all others from being compared.
    const { state, settlement } = answer.ok ? (answer.value ?? UNKNOWN) : UNREACHABLE;
    const isOther =
      settlement !== null &&
      (settlement.external_payment_id !== key.external_payment_id || settlement.direction !== key.direction);
    if (!isOther) found.push({ state, is_settlement: settlement !== null });
  }
  return found;
}

async function indexed(
  names: readonly string[],
  { findEvents }: Pick<AuditPorts, "findEvents">,
): Promise<readonly string[] | null> {
  const found: string[] = [];
  for (const name of names) {
    const ids = await findEvents(name);
    if (ids === null) return null;
    found.push(...ids);
  }
  return found;
}
