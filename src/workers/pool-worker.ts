import { hostname } from "node:os";
import type { Redis } from "ioredis";
import type { Log } from "../base/log.ts";
import { WorkerRegistry } from "../queues/worker-presence.ts";
import type { HostPause } from "./host-pause.ts";
import type { HeldJob } from "./leases.ts";
import { repeat } from "./repeat.ts";

/** A worker that has begun to take jobs. Disposing of it takes no more, and lets running ones finish or hands them back. */
export type PoolWorker = AsyncDisposable & {
  /** Jobs at a time, by stage. */
  slots: Readonly<Record<string, number>>;
  running: () => HeldJob[];
  pause: Pick<HostPause, "reasons" | "setDrained">;
};

/** Milliseconds. A drained host takes no more jobs after so long. */
const everyMs = 2_000;

/**
 * Announces the workers of this process to the pool, and drains or resumes them as an operator says.
 * @param workers may grow later
 * @returns disposing of it takes this process off the list
 */
export function announceWorkers({
  redis,
  workers,
  version,
  log,
}: {
  redis: Redis;
  workers: readonly PoolWorker[];
  version: string;
  log: Log;
}): AsyncDisposable {
  const registry = new WorkerRegistry(redis);
  const host = hostname();
  const id = `${host}/${process.pid}`;
  const startedAt = Date.now();
  const announce = async () => {
    try {
      const drained = await registry.announce({
        ...{ id, host, version, startedAt },
        slots: Object.assign({}, ...workers.map(({ slots }) => slots)),
        running: workers.flatMap((worker) => worker.running()),
        paused: longest(workers.flatMap(({ pause }) => pause.reasons())),
      });
      for (const { pause } of workers) pause.setDrained(drained);
    } catch (error) {
      log.debug({ reason: (error as Error).message }, "could not announce this worker");
    }
  };
  const announcing = repeat(announce, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      await announcing[Symbol.asyncDispose]();
      await registry.leave(id).catch(() => {});
    },
  };
}

/** Each reason once, since it began. */
function longest(reasons: readonly { reason: string; since: number }[]): { reason: string; since: number }[] {
  const begun = new Map<string, number>();
  for (const { reason, since } of reasons) begun.set(reason, Math.min(since, begun.get(reason) ?? since));
  return [...begun].map(([reason, since]) => ({ reason, since }));
}
