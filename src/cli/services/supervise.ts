import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../base/log.ts";

export type Supervised = {
  /** Settled when it has ended. */
  exited: Promise<unknown>;
} & AsyncDisposable;

/** Milliseconds before a service that ended is started again: doubled each time, until one has run for `settledMs`. */
const waitMs = { first: 1_000, longest: 60_000 };
const settledMs = 60_000;

/**
 * Keeps a service running: starts it again whenever it ends.
 * @param name for the log
 * @param start its first failure is the caller's; later ones are logged and tried again
 * @returns the service as first started; disposing of it stops the one that runs then
 */
export async function supervise<Service extends Supervised>(
  name: string,
  start: () => Promise<Service>,
  log: Log,
): Promise<{ first: Service } & AsyncDisposable> {
  const stopping = new AbortController();
  const first = await start();
  let current: Service | undefined = first;

  const watch = async () => {
    let ms = waitMs.first;
    while (true) {
      const began = performance.now();
      await current?.exited;
      if (stopping.signal.aborted) return;
      if (performance.now() - began > settledMs) ms = waitMs.first;
      log.error({ service: name, seconds: ms / 1000 }, "it ended: starting it again after a pause");
      await sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      ms = Math.min(2 * ms, waitMs.longest);
      try {
        current = await start();
        log.info({ service: name }, "started again");
      } catch (err) {
        current = undefined;
        log.error({ service: name, err }, "it cannot be started");
      }
    }
  };
  const watching = watch();
  return {
    first,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await current?.[Symbol.asyncDispose]();
      await watching;
      // One that was being started when the stop came.
      await current?.[Symbol.asyncDispose]();
    },
  };
}
