/**
 * Aborted by the first Ctrl-C (SIGINT) or SIGTERM, so that a command can put everything back. The second one ends
 * the process at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  return controller.signal;
}

/**
 * Ends the process, with exit code 1, when it is still there so long after the signal: what it waits for (Redis, a slow
 * client) may never answer.
 */
export function stopWithin(signal: AbortSignal, ms: number, onLate: () => void): void {
  const stop = () =>
    setTimeout(() => {
      onLate();
      process.exit(1);
    }, ms).unref();
  signal.addEventListener("abort", stop, { once: true });
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // A signal alone does not keep the process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  clearInterval(alive);
}
