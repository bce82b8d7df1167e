/**
 * Runs `act` over all items, at most `limit` at a time; results come in the
 * items' order. Rejects when one does.
 */
export async function concurrently<T, R>(
  items: readonly T[],
  limit: number,
  act: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  await Promise.all(
    Array.from({ length: Math.min(limit, items.length) }, async () => {
      for (const [i, item] of queue) results[i] = await act(item);
    }),
  );
  return results;
}
