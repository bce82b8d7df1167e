/**
 * People: they inspect events, retry them, close what failed for good, and repair the ledger where an effect
 * is missing. Now and then somebody sends nonsense.
 */
import { utf8 } from "../../src/bytes.ts";
import type { AssignReply, RetryReply } from "../../src/event/operator-replies.ts";
import { isFinal } from "../../src/event/record.ts";
import type { OperatorAssignment, OperatorRetry } from "../../src/event/machine-types.ts";
import { type HistoryEvent, holderOf, type StripeHistory } from "../../scripts/proof/histories/history.ts";
import { DAY, MINUTE, SECOND } from "../../scripts/lib/durations.ts";
import type { ClosedMovements } from "./closed-movements.ts";
import type { EventObject } from "./event-object.ts";
import type { IndexModel } from "./index-model.ts";
import type { Invariants } from "./invariants.ts";
import type { LedgerModel } from "./ledger-model.ts";
import type { Preparer } from "./prepare.ts";
import { repairEffect } from "./repair-effect.ts";
import type { WorkerModel } from "./worker-model.ts";
import type { World } from "./world.ts";

export interface OperatorSetup {
  readonly world: World;
  readonly invariants: Invariants;
  readonly closed: ClosedMovements;
  readonly worker: WorkerModel;
  readonly index: IndexModel;
  readonly ledger: LedgerModel;
  readonly objectOf: (id: string) => EventObject;
  readonly preparer: Preparer;
  readonly atStripe: StripeHistory;
}

export class Operators {
  readonly #setup: OperatorSetup;

  constructor(setup: OperatorSetup) {
    this.#setup = setup;
  }

  /** While faults happen: a few acts a day, on what is listed or on any event at all. */
  async act(): Promise<void> {
    const { world, atStripe } = this.#setup;
    const { random, plan, time } = world;
    const actsPerDay = plan.operators.retriesPerDay;
    // What was given up before it was paid leaves no event.
    if (actsPerDay === 0 || atStripe.events.length === 0) return;
    for (;;) {
      await time.sleep(random.magnitude(MINUTE, (2 * DAY) / actsPerDay));
      if (!world.isFaulty) return;
      const failed = this.listedFailures();
      const id =
        failed.length > 0 && random.chance(0.7) ? random.pick(failed) : random.pick(atStripe.events).id;
      if (random.chance(0.2)) void this.inspect(id);
      else if (random.chance(plan.operators.resolves)) void this.#resolve(id);
      else if (random.chance(plan.operators.assigns)) void this.assign(id);
      else {
        const scope = random.pick(["any", "healing"] as const);
        if (scope === "any") this.repair(id);
        void this.retry(id, scope);
      }
    }
  }

  listedFailures(): string[] {
    const { index } = this.#setup;
    return [...index.rows.values()].filter((row) => row.state === "failed").map((row) => row.event_id);
  }

  /** By hand, in the ledger, after the event has failed for good because its effect could not be proven. */
  repair(id: string): void {
    const { world, ledger, objectOf } = this.#setup;
    const { record } = objectOf(id).storage.durable;
    if (record?.state !== "failed" || record.cause !== "ledger" || record.next_retry_at !== null) return;
    if (record.work.kind !== "frozen" || record.error.outcome !== "unproven") return;
    const how = repairEffect(ledger, record.work.payload, world.random);
    if (how === null) return;
    world.count(`repair: ${how}`);
    world.note(id, () => `an operator repairs the ledger: ${how}`);
  }

  /** An unmappable event hands out its body, and comes back with what the mapper makes of it now. */
  async retry(id: string, scope: OperatorRetry["scope"]): Promise<void> {
    const { world, preparer } = this.#setup;
    world.count("operator retries");
    world.note(id, () => `an operator retries (${scope})`);
    const request: OperatorRetry = { actor: "ana", note: null, scope, mapping: null };
    const reply = await this.#retryOnce(id, request);
    if (reply?.kind === "needs_mapping") {
      await this.#retryOnce(id, { ...request, mapping: preparer.map(reply.body) });
    }
  }

  /** Whose money it is, as long as nobody else can say. */
  async assign(id: string): Promise<void> {
    const { world, worker, index, preparer, atStripe, objectOf } = this.#setup;
    const movement = atStripe.events.find((event) => event.id === id)?.movement ?? null;
    const account_id = movement === null ? null : (movement.account ?? holderOf(atStripe, movement));
    if (movement === null || account_id === null || index.rows.get(id)?.reason !== "account_missing") return;
    world.count("assignments");
    world.note(id, () => `an operator assigns ${account_id}`);
    movement.assign(account_id);
    const object = objectOf(id);
    const ask = (assignment: OperatorAssignment): Promise<AssignReply | null> =>
      worker.call(() => object.call("an assignment", (engine) => engine.assign(assignment)));
    const request: OperatorAssignment = { actor: "ana", note: "by its invoice", account_id, mapping: null };
    const reply = await ask(request);
    if (reply?.kind === "needs_mapping")
      await ask({ ...request, mapping: preparer.map(reply.body, account_id) });
  }

  async inspect(id: string): Promise<void> {
    const { world, worker, objectOf } = this.#setup;
    world.count("inspections");
    await worker.call(() => objectOf(id).call("an inspection", (engine) => engine.inspect()));
  }

  async #retryOnce(id: string, request: OperatorRetry): Promise<RetryReply | null> {
    const { world, worker, objectOf } = this.#setup;
    const object = objectOf(id);
    const was = object.storage.durable.record;
    const reply = await worker.call(() => object.call("a retry", (engine) => engine.retry(request)));
    if (
      reply?.kind === "retried" &&
      reply.attempted &&
      was !== null &&
      isFinal(was) &&
      was.state !== "ignored"
    ) {
      world.violate(id, `lets an operator attempt it again when ${was.state}`);
    }
    return reply;
  }

  /** Only what failed for good is closed: what heals by itself needs nobody. */
  async #resolve(id: string): Promise<void> {
    const { world, invariants, closed, worker, index, objectOf } = this.#setup;
    const row = index.rows.get(id);
    if (row?.state !== "failed" || row.next_retry_at !== null) return;
    world.count("operator resolves");
    world.note(id, () => "an operator resolves");
    invariants.observed(id).isClosed = true;
    const resolve = (object: EventObject) =>
      object.call("a resolve", (engine) => engine.resolve("ana", "by hand"));
    const reply = await worker.call(() => resolve(objectOf(id)));
    if (reply?.kind === "done") closed.close(id);
  }

  /** Somebody signs another amount under an id that is taken: a broken relay, or a stolen secret. */
  scheduleContradictions(): void {
    const { world, atStripe } = this.#setup;
    const { random, time, plan } = world;
    for (const event of atStripe.events) {
      if (event.movement === null || event.heldFor !== null || !random.chance(plan.stripe.contradiction))
        continue;
      time.at(event.at + random.magnitude(SECOND, DAY), () => void this.#contradict(event));
    }
  }

  async #contradict(event: HistoryEvent): Promise<void> {
    const { world, worker, objectOf } = this.#setup;
    const { record } = objectOf(event.id).storage.durable;
    // What comes first is believed, and so is what comes first after it could not be mapped.
    if (record === null || (record.state === "failed" && record.cause === "unmappable")) return;
    if (record.state === "ignored" || (record.state === "resolved" && record.work === null)) return;
    world.count("contradictions");
    world.note(event.id, () => "another amount comes under this id");
    const reply = await worker.deliver(utf8(JSON.stringify(withOtherAmounts(event))));
    if (reply !== null && typeof reply !== "string" && reply.kind !== "event_conflict") {
      world.violate(event.id, `takes a contradiction for a delivery: ${JSON.stringify(reply)}`);
    }
  }
}

function withOtherAmounts({ body }: HistoryEvent): unknown {
  const object: Record<string, unknown> = { ...body.data.object };
  for (const field of ["amount", "amount_received", "amount_captured"]) {
    const amount = object[field];
    if (typeof amount === "number") object[field] = amount + 1;
  }
  const moved = object["balance_transactions"];
  if (Array.isArray(moved)) {
    object["balance_transactions"] = moved.map((one: { readonly amount: number }) => {
      return Object.assign({}, one, { amount: one.amount + Math.sign(one.amount) });
    });
  }
  return { ...body, data: { ...body.data, object } };
}
