/**
 * Runs tasks, at most so many at a time, in their order. The first that fails stops the others by the signal that
 * each is given; this ends when all have ended.
 * @throws what the first one threw, or the signal's reason
 */
export async function together<T>(
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
  { atOnce, signal }: { atOnce: number; signal?: AbortSignal | undefined },
): Promise<T[]> {
  const stop = new AbortController();
  const either = AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]);
  const results: T[] = [];
  const waiting = tasks.entries();
  const lane = async () => {
    for (const [index, task] of waiting) {
      if (either.aborted) return;
      try {
        results[index] = await task(either);
      } catch (error) {
        stop.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, tasks.length) }, lane));
  either.throwIfAborted();
  return results;
}
