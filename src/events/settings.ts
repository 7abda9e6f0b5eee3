import { z } from "zod";
import { inKilnHome } from "../base/kiln-home.ts";

export const EventSettings = z
  .object({
    KILN_LAKE: z
      .string()
      .min(1)
      .default(() => inKilnHome("lake"))
      .meta({ description: "folder of the event lake" }),
    KILN_COMPACT_SECONDS: z.coerce.number().int().min(0).default(60).meta({
      unit: "seconds",
      description:
        "time between the compactions with which `kiln api` moves events from Redis into the lake, at least; 0: only `kiln events compact` does it. A compaction that takes long is followed by a longer pause",
    }),
    KILN_CHAIN_EVENTS_SECONDS: z.coerce.number().int().min(0).default(60).meta({
      unit: "seconds",
      description:
        "time between the rounds in which `kiln api` reads likes, votes, shares and views from the user canisters; 0: only `kiln events sync` does it. Its identity needs the role recommender or admin",
    }),
    KILN_MAX_WAITING_EVENTS: z.coerce.number().int().min(1_000).default(1_000_000).meta({
      description:
        "events that wait in Redis to be compacted, at about 600 bytes each; beyond that new ones are refused, so that they cannot take the memory of the queues",
    }),
  })
  .meta({ title: "Events" });
