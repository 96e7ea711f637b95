/**
 * Maps with so many at a time, in order. After a failure nothing more is begun, and what has begun comes to its end
 * before the failure is told.
 */
export const inParallel = async <T, U>(
  items: readonly T[],
  atOnce: number,
  map: (item: T) => Promise<U>,
): Promise<U[]> => {
  const results: U[] = new Array(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = await map(items[index] as T);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return results;
};
