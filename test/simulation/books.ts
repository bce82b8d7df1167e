/** The ledger's books against the story: each movement booked once or not at all, each balance what Stripe's truth is. */
import type { IndexModel } from "./index-model.ts";
import type { LedgerModel } from "./ledger.ts";
import type { EventObject } from "./object.ts";
import type { Movement, Story } from "../../scripts/proof/histories/history.ts";
import type { Watch } from "./invariants.ts";
import type { World } from "./world.ts";

/** All that a verdict looks at. */
export interface Court {
  readonly world: World;
  readonly watch: Watch;
  readonly ledger: LedgerModel;
  readonly index: IndexModel;
  readonly story: Story;
  readonly objectOf: (id: string) => EventObject;
}

/** Which movements the ledger knows. By the event that told of them, and not by the ids that our mapping made. */
export function knownMovements({ story, ledger }: Court): ReadonlySet<Movement> {
  const told = movementsByEvent(story);
  const settlements = [...ledger.store.settlements.values()];
  return new Set(settlements.flatMap(({ metadata }) => told.get(String(metadata["stripe_event_id"])) ?? []));
}

export function checkBooks(court: Court): void {
  const { world, watch, story } = court;
  const known = knownMovements(court);
  for (const movement of story.movements) {
    const tellers = story.events.filter((event) => event.movement === movement);
    const isForwarded = tellers.some(({ id }) => watch.shown(id).last?.state === "forwarded");
    const wasSent = tellers.some(({ id }) => watch.shown(id).payload !== null);
    const isKnown = known.has(movement);
    if (isKnown) world.count("movements booked");
    // A request whose answer was lost may have booked what an operator has closed since; nothing else may.
    if (isForwarded && !isKnown) world.violate(movement.name, "is forwarded, and not booked");
    if (isKnown && !wasSent) world.violate(movement.name, "is booked, and was never sent");
  }
  checkJournal(court, known);
  checkBalances(court, known);
  checkPayouts(court);
}

/** Each effect once, of the right size, on the right account. */
function checkJournal({ world, ledger, story }: Court, known: ReadonlySet<Movement>): void {
  const told = movementsByEvent(story);
  const settlements = new Map([...ledger.store.settlements.values()].map((one) => [one.id, one]));
  const booked = new Set<Movement>();
  for (const { settlement_id, account_id, currency, delta_minor } of ledger.store.journal) {
    const movement = told.get(String(settlements.get(settlement_id)?.metadata["stripe_event_id"]));
    if (!movement) {
      world.violate(settlement_id, "has an effect, and nothing happened at Stripe");
      continue;
    }
    if (booked.has(movement)) world.violate(movement.name, "has its effect twice");
    booked.add(movement);
    const { account, delta } = movement;
    if (account_id === account && currency === movement.currency && delta_minor === delta) continue;
    world.violate(movement.name, `is booked as ${account_id} ${delta_minor} ${currency}`);
  }
  for (const movement of known) {
    if (movement.delta !== 0n && !booked.has(movement)) world.violate(movement.name, "has no effect");
  }
}

/** The same in sums, straight from the story: this is what account holders see. */
function checkBalances({ world, ledger, story }: Court, known: ReadonlySet<Movement>): void {
  const truth = new Map<string, bigint>();
  const add = (purse: string, delta: bigint) => truth.set(purse, (truth.get(purse) ?? 0n) + delta);
  for (const { account_id, currency } of ledger.store.journal) add(`${account_id} ${currency}`, 0n);
  for (const movement of story.movements) {
    if (known.has(movement)) add(`${movement.account} ${movement.currency}`, movement.delta);
  }
  for (const [purse, sum] of truth) {
    const [account = "", currency = ""] = purse.split(" ");
    const balance = ledger.store.balance(account, currency).available;
    if (balance !== sum) world.violate(purse, `holds ${balance}, and Stripe's truth is ${sum}`);
  }
}

function movementsByEvent({ events }: Story): ReadonlyMap<string, Movement | null> {
  return new Map(events.map(({ id, movement }) => [id, movement]));
}

/** Money that leaves by payouts changes no balance, but the ledger must know how each ended. */
function checkPayouts({ world, watch, ledger, story }: Court): void {
  const ends = { "payout.paid": "confirmed", "payout.failed": "reversed", "payout.canceled": "failed" };
  for (const { id, type, body, mayBeOvertaken } of story.events) {
    if (!(type in ends) || mayBeOvertaken || watch.shown(id).last?.state !== "forwarded") continue;
    const external_payment_id = String(body.data.object["id"]);
    const settlement = ledger.store.findSettlement({
      external_payment_id,
      direction: "payout",
    });
    const wanted = ends[type as keyof typeof ends];
    if (settlement?.status === wanted) continue;
    world.violate(external_payment_id, `is ${settlement?.status} in the ledger after ${type}`);
  }
}
