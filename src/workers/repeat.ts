/**
 * Runs work at once and then regularly, never twice at a time.
 * @param work handles its own errors
 * @returns disposing of it waits for the run that is under way
 */
export function repeat(work: () => Promise<void>, everyMs: number): AsyncDisposable {
  let running = work();
  const timer = setInterval(() => {
    running = running.then(work);
  }, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
