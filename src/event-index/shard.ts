/** Which object of the index holds an event's row. Pure, and fixed for ever: a changed hash would lose rows. */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a, 32 bits: even enough for ids that are mostly random, and a dozen instructions on every event's way. */
export function shardOf(eventId: string, shards: number): number {
  let hash = FNV_OFFSET;
  // Event ids are ASCII, so a character is a byte.
  for (let i = 0; i < eventId.length; i++) hash = Math.imul(hash ^ eventId.charCodeAt(i), FNV_PRIME);
  return (hash >>> 0) % shards;
}

/**
 * The number of shards is part of the name. Were it not, a changed number would leave most rows in objects that their
 * events no longer publish to: lists would seem complete, and show outdated states beside new ones. This way the lists of
 * a changed deployment start empty, which nobody overlooks, and setting the number back brings everything back.
 */
export function shardName(shard: number, shards: number): string {
  return `shard-${shard}-of-${shards}`;
}
