/**
 * Stripe as a sender: each event until a 2xx, with growing gaps, a new time and a new signature for each delivery; some
 * twice at the same moment, some again although they were accepted.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { concurrently } from "../../../src/concurrently.ts";
import type { Clawsettle } from "../../sandbox/clients/clawsettle.ts";
import type { Answer } from "../../lib/http.ts";
import { Random } from "../../lib/random.ts";
import type { ToldEvent } from "../histories/history.ts";

export interface SenderOptions {
  readonly clawsettle: Pick<Clawsettle, "deliver">;
  readonly seed: number;
  readonly firstGapMs: number;
  readonly longestGapMs: number;
  /** What is due beyond them waits its turn. */
  readonly connections: number;
}

/** What Stripe knows of one event. */
export interface Delivered {
  deliveries: number;
  /** Answers other than 2xx. */
  refused: number;
  /** No answer at all. */
  lost: number;
  accepted: boolean;
  /** All that was ever said with a 2xx, but for `deduped`. One sentence, if the promise holds. */
  readonly answers: Set<string>;
  /** How often `deduped: false` was said. */
  firsts: number;
}

const TWICE_AT_ONCE = 0.06;
const AGAIN_LATER = 0.08;
const AGAIN_WITHIN_MS = 8_000;
const RESENDS_AT_ONCE = 16;

export class Stripe {
  readonly told = new Map<string, Delivered>();
  readonly #options: SenderOptions;
  readonly #over = new AbortController();
  readonly #tellings = new Set<Promise<void>>();
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

  /** Begins to tell of an event, and goes on until it is accepted. */
  tell(event: ToldEvent): void {
    // A stream of its own, so that answers, which come as they like, change nothing for other events.
    const random = new Random(this.#options.seed * 1_000_003 + this.told.size);
    const delivered = this.#delivered(event.id);
    const telling = this.#tellUntilAccepted(event, delivered, random).catch((error: unknown) => {
      if (!this.#over.signal.aborted) throw error;
    });
    this.#tellings.add(telling);
    void telling.finally(() => this.#tellings.delete(telling));
  }

  /** Each event once more and no more, whatever was said before: as an operator would have it resent. */
  async endWithAll(events: readonly ToldEvent[]): Promise<void> {
    await this.giveUp();
    await concurrently(events, RESENDS_AT_ONCE, (event) =>
      this.#deliver(JSON.stringify(event.body), this.#delivered(event.id)),
    );
  }

  /** Stripe gives up on what is still not accepted. Settles when no delivery is in flight any more. */
  async giveUp(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#tellings);
  }

  async #tellUntilAccepted(event: ToldEvent, delivered: Delivered, random: Random): Promise<void> {
    const { firstGapMs, longestGapMs } = this.#options;
    const body = JSON.stringify(event.body);
    const times = random.chance(TWICE_AT_ONCE) ? 2 : 1;
    await Promise.all(Array.from({ length: times }, () => this.#deliver(body, delivered)));
    for (let gap = firstGapMs; !delivered.accepted; gap = Math.min(longestGapMs, gap * 2)) {
      await this.#pause(gap * (0.75 + random.next() / 2));
      await this.#deliver(body, delivered);
    }
    if (!random.chance(AGAIN_LATER)) return;
    await this.#pause(random.whole(0, AGAIN_WITHIN_MS));
    await this.#deliver(body, delivered);
  }

  async #deliver(body: string, delivered: Delivered): Promise<void> {
    if (this.#inFlight >= this.#options.connections) await new Promise<void>((go) => this.#queue.push(go));
    else this.#inFlight++;
    delivered.deliveries++;
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

  #delivered(eventId: string): Delivered {
    const known = this.told.get(eventId);
    if (known !== undefined) return known;
    const fresh = {
      deliveries: 0,
      refused: 0,
      lost: 0,
      accepted: false,
      answers: new Set<string>(),
      firsts: 0,
    };
    this.told.set(eventId, fresh);
    return fresh;
  }
}

function note(delivered: Delivered, answer: Answer | null): void {
  if (answer === null) {
    delivered.lost++;
    return;
  }
  if (answer.status < 200 || answer.status >= 300) {
    delivered.refused++;
    return;
  }
  const { deduped, ...said } = answer.body as { deduped?: unknown };
  delivered.accepted = true;
  delivered.answers.add(JSON.stringify(said));
  if (deduped === false) delivered.firsts++;
}
