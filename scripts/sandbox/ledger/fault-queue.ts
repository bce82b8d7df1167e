import { takeFault, type Fault, type Route } from "./faults.ts";

const KEY = "faults";

/**
 * The faults that are switched on. Stored too: an idle object leaves memory,
 * and a queued fault must outlive that.
 */
export class FaultQueue {
  readonly #kv: SyncKvStorage;
  #faults: readonly Fault[];

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
    this.#faults = kv.get<Fault[]>(KEY) ?? [];
  }

  get faults(): readonly Fault[] {
    return this.#faults;
  }

  add(fault: Fault): void {
    this.#save([...this.#faults, fault]);
  }

  clear(): void {
    this.#save([]);
  }

  /** The fault that meets a request on this route. */
  take(route: Route): Fault | null {
    const { fault, queue } = takeFault(this.#faults, route);
    if (queue !== this.#faults) this.#save(queue);
    return fault;
  }

  #save(faults: readonly Fault[]): void {
    this.#faults = faults;
    this.#kv.put(KEY, faults);
  }
}
