import type { Redis } from "ioredis";
import { readSettings } from "../../config.ts";
import { connectRedis } from "../../queues/connection.ts";
import { Pool } from "../../queues/pool-status.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { WorkerRegistry } from "../../queues/worker-presence.ts";

export type Opened = { redis: Redis; pool: Pool; registry: WorkerRegistry };

/** Does something with the pool behind KILN_REDIS_URL. */
export async function withPool(action: (opened: Opened) => Promise<void>): Promise<void> {
  const redis = await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL);
  try {
    await using pool = new Pool(redis);
    await action({ redis, pool, registry: new WorkerRegistry(redis) });
  } finally {
    redis.disconnect();
  }
}
