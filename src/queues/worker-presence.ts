import type { Redis } from "ioredis";
import { z } from "zod";
import { TypedError } from "../base/typed-error.ts";

/** What a worker process announces of itself. */
export const WorkerPresence = z.object({
  /** `host/pid`. */
  id: z.string().min(1),
  host: z.string().min(1),
  version: z.string(),
  /** Milliseconds since 1970, as are the other times. */
  startedAt: z.int(),
  /** The stages that it takes, and how many jobs of each at a time. */
  slots: z.record(z.string(), z.int().positive()),
  running: z.array(z.object({ stage: z.string(), job: z.string(), since: z.int() })),
  /** Why some or all of its stages take no jobs, by reason. */
  paused: z.array(z.object({ reason: z.string(), since: z.int() })),
});
export type WorkerPresence = z.infer<typeof WorkerPresence>;

const keys = {
  /** String that expires: WorkerPresence as JSON. */
  presence: (id: string) => `kiln:worker:${id}`,
  /** Set: ids of the workers that announced themselves. */
  ids: "kiln:workers",
  /** Set: hosts that take no jobs until they are resumed. */
  drained: "kiln:workers:drained",
} as const;

/** A worker that has not announced itself for so long is gone. Redis measures it: the hosts' clocks may differ. */
export const presenceMs = 15_000;

/** The workers of the pool, and which hosts are drained. */
export class WorkerRegistry {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** @returns whether the worker's host is drained */
  async announce(presence: WorkerPresence): Promise<boolean> {
    const [, , drained] = await all(
      this.#redis
        .multi()
        .set(keys.presence(presence.id), JSON.stringify(presence), "PX", presenceMs)
        .sadd(keys.ids, presence.id)
        .sismember(keys.drained, presence.host),
    );
    return drained === 1;
  }

  async leave(id: string): Promise<void> {
    await all(this.#redis.multi().del(keys.presence(id)).srem(keys.ids, id));
  }

  /** The workers that announced themselves lately, by id. What a newer version announces in another form is left out. */
  async list(): Promise<WorkerPresence[]> {
    const ids = (await this.#redis.smembers(keys.ids)).sort();
    if (ids.length === 0) return [];
    const texts = await this.#redis.mget(ids.map(keys.presence));
    const gone = ids.filter((_, index) => texts[index] === null);
    if (gone.length > 0) await this.#redis.srem(keys.ids, ...gone);
    return texts.flatMap((text) => {
      const { data } = WorkerPresence.safeParse(text === null ? undefined : JSON.parse(text));
      return data === undefined ? [] : [data];
    });
  }

  async drainedHosts(): Promise<string[]> {
    return (await this.#redis.smembers(keys.drained)).sort();
  }

  /**
   * Has all workers of a host, present and future ones, finish their jobs and take no more.
   * @throws TypedError WORKER_UNKNOWN
   */
  async drain(host: string): Promise<void> {
    const hosts = new Set((await this.list()).map((worker) => worker.host));
    if (!hosts.has(host)) throw unknown(host, hosts, "no worker runs on a host");
    await this.#redis.sadd(keys.drained, host);
  }

  /** @throws TypedError WORKER_UNKNOWN when the host is not drained */
  async resume(host: string): Promise<void> {
    if ((await this.#redis.srem(keys.drained, host)) === 0)
      throw unknown(host, new Set(await this.drainedHosts()), "there is no drained host");
  }
}

function unknown(host: string, known: ReadonlySet<string>, what: string): TypedError {
  const others =
    known.size === 0 ? "there is none" : `there ${known.size === 1 ? "is" : "are"} ${[...known].join(", ")}`;
  return new TypedError("WORKER_UNKNOWN", `${what} ${host}: ${others}`);
}

/** The replies of a transaction. @throws the first error among them */
async function all(transaction: ReturnType<Redis["multi"]>): Promise<unknown[]> {
  return ((await transaction.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
