import { z } from "zod";
import { localRedisUrl } from "./local-redis.ts";

export const QueueSettings = z
  .object({
    KILN_REDIS_URL: z
      .url({ protocol: /^rediss?$/, error: "expected an address like redis://127.0.0.1:6379" })
      .default(() => localRedisUrl() ?? "redis://127.0.0.1:6379")
      .meta({
        shownDefault: "that of the running `kiln up`, else `redis://127.0.0.1:6379`",
        description:
          "the Redis that all hosts share, with `appendonly yes` and `maxmemory-policy noeviction`",
      }),
  })
  .meta({ title: "Redis" });
