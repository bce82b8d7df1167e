/** By a rank that is asked for once for each item. */
export function ordered<T>(items: readonly T[], rankOf: (item: T, n: number) => number): T[] {
  const ranks = items.map((item, n) => ({ item, rank: rankOf(item, n) }));
  return ranks.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}
