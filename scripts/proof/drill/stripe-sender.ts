import { setTimeout as sleep } from "node:timers/promises";
import { concurrently } from "../../../src/concurrently.ts";
import type { Clawsettle } from "../../sandbox/clients/clawsettle.ts";
import type { Answer } from "../../lib/http.ts";
import { Random } from "../../lib/random.ts";
import type { HistoryEvent } from "../histories/history.ts";

export interface SenderOptions {
  readonly clawsettle: Pick<Clawsettle, "deliver">;
  readonly seed: number;
  readonly firstGapMs: number;
  readonly longestGapMs: number;
  /** What is due beyond them waits its turn. */
  readonly connections: number;
}

type SentEvent = Pick<HistoryEvent, "id" | "body">;

/** What became of the deliveries of one event. */
export type Delivered = ReturnType<typeof noDeliveries>;

function noDeliveries() {
  return {
    deliveries: 0,
    /** Answers other than 2xx. */
    refused: 0,
    /** No answer at all. */
    lost: 0,
    accepted: false,
    /** Each different body of a 2xx, without `deduped`. One, if the promise holds. */
    answers: new Set<string>(),
    /** How often a 2xx had `deduped: false`. */
    firsts: 0,
  };
}

const TWICE_AT_ONCE = 0.06;
const AGAIN_LATER = 0.08;
const AGAIN_WITHIN_MS = 8_000;
const RESENDS_AT_ONCE = 16;
const POLL_MS = 100;

/**
 * Sends as Stripe does: each event until a 2xx, with growing gaps, a new time and a new signature for each
 * delivery; some twice at the same moment, some again although they were accepted.
 */
export class StripeSender {
  readonly delivered = new Map<string, Delivered>();
  readonly #options: SenderOptions;
  readonly #over = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  readonly #queue: (() => void)[] = [];
  #inFlight = 0;
  #answered = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Deliveries that wait for their answer now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Deliveries that have got an answer, of whatever kind. */
  get answered(): number {
    return this.#answered;
  }

  /** Begins to deliver an event, and goes on until it is accepted. */
  send(event: SentEvent): void {
    // A stream of its own, so that answers, which come as they like, change nothing for other events.
    const random = new Random(this.#options.seed * 1_000_003 + this.delivered.size);
    const sending = this.#sendUntilAccepted(event, random).catch((error: unknown) => {
      if (!this.#over.signal.aborted) throw error;
    });
    this.#sending.add(sending);
    void sending.finally(() => this.#sending.delete(sending));
  }

  /** Settles when all that was begun is accepted. */
  async untilAccepted(): Promise<void> {
    while ([...this.delivered.values()].some(({ accepted }) => !accepted)) await this.#pause(POLL_MS);
  }

  /** Each event once more and no more, whatever was answered before: as an operator would have it resent. */
  async resend(events: readonly SentEvent[]): Promise<void> {
    await concurrently(events, RESENDS_AT_ONCE, (event) => this.#deliver(event));
  }

  /** Gives up on what is still not accepted. Settles when no delivery is in flight any more. */
  async stop(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#sending);
  }

  async #sendUntilAccepted(event: SentEvent, random: Random): Promise<void> {
    const { firstGapMs, longestGapMs } = this.#options;
    const times = random.chance(TWICE_AT_ONCE) ? 2 : 1;
    const delivered = this.#deliveredOf(event);
    await Promise.all(Array.from({ length: times }, () => this.#deliver(event)));
    for (let gap = firstGapMs; !delivered.accepted; gap = Math.min(longestGapMs, gap * 2)) {
      await this.#pause(gap * (0.75 + random.next() / 2));
      await this.#deliver(event);
    }
    if (!random.chance(AGAIN_LATER)) return;
    await this.#pause(random.whole(0, AGAIN_WITHIN_MS));
    await this.#deliver(event);
  }

  async #deliver(event: SentEvent): Promise<void> {
    if (this.#inFlight >= this.#options.connections) await new Promise<void>((go) => this.#queue.push(go));
    else this.#inFlight++;
    const delivered = this.#deliveredOf(event);
    delivered.deliveries++;
    const body = JSON.stringify(event.body);
    const answer = await this.#options.clawsettle.deliver({ body }).catch(() => null);
    // Whoever is next takes over the place.
    const next = this.#queue.shift();
    if (next === undefined) this.#inFlight--;
    else next();
    if (answer !== null) this.#answered++;
    note(delivered, answer);
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#over.signal });
  }

  #deliveredOf({ id }: SentEvent): Delivered {
    const delivered = this.delivered.get(id) ?? noDeliveries();
    this.delivered.set(id, delivered);
    return delivered;
  }
}

function note(delivered: Delivered, answer: Answer | null): void {
  if (answer === null) delivered.lost++;
  else if (answer.status < 200 || answer.status >= 300) delivered.refused++;
  else {
    const { deduped, ...body } = answer.body as { deduped?: unknown };
    delivered.accepted = true;
    delivered.answers.add(JSON.stringify(body));
    if (deduped === false) delivered.firsts++;
  }
}
