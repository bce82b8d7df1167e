/** What the platform says of an error that a Durable Object met, or that came instead of its answer. */

export interface PlatformFlags {
  readonly retryable: boolean;
  readonly overloaded: boolean;
  /** A deploy resets objects with this flag, which comes without `retryable` (undocumented, but so it is). */
  readonly reset: boolean;
}

export function platformFlags(error: unknown): PlatformFlags {
  const { retryable, overloaded, durableObjectReset } = (error ?? {}) as Record<string, unknown>;
  return {
    retryable: retryable === true,
    overloaded: overloaded === true,
    reset: durableObjectReset === true,
  };
}

/** The name only: a message may quote what was stored or sent. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
