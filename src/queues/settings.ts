import { z } from "zod";

export const QueueSettings = z
  .object({
    KILN_REDIS_URL: z
      .url({ protocol: /^rediss?$/, error: "expected an address like redis://127.0.0.1:6379" })
      .default("redis://127.0.0.1:6379")
      .meta({
        description:
          "the Redis that all hosts share, with `appendonly yes` and `maxmemory-policy noeviction`",
      }),
  })
  .meta({ title: "Redis" });
