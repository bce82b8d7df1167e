/**
 * Which object of the index holds an event's row. Pure, and fixed for ever: a changed hash would lose rows.
 */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * FNV-1a, 32 bits: even enough for ids that are mostly random, and a dozen instructions on every event's way.
 */
export function shardOf(eventId: string, shards: number): number {
  let hash = FNV_OFFSET;
  // Event ids are ASCII, so a character is a byte.
  for (let i = 0; i < eventId.length; i++) hash = Math.imul(hash ^ eventId.charCodeAt(i), FNV_PRIME);
  return (hash >>> 0) % shards;
}

/** The number of shards is part of the name: all shards of one number are a generation. */
export function shardName(shard: number, shards: number): string {
  return `shard-${shard}-of-${shards}`;
}

/** Of the shard that has the event's row. */
export function shardNameOf(eventId: string, shards: number): string {
  return shardName(shardOf(eventId, shards), shards);
}

export function shardNames(shards: number): string[] {
  return Array.from({ length: shards }, (_, shard) => shardName(shard, shards));
}

/** Which shard this is, and of how many; null: it is no shard, but the object with the notes. */
export function parseShardName(name: string): { readonly shard: number; readonly shards: number } | null {
  const [, shard, shards] = /^shard-([0-9]+)-of-([0-9]+)$/.exec(name) ?? [];
  return shards === undefined ? null : { shard: Number(shard), shards: Number(shards) };
}
