import { z } from "zod";

export const FeedSettings = z
  .object({
    KILN_EXPLORATION: z.coerce.number().min(0).max(1).default(0.05).meta({
      description:
        "share of the feed's places that are drawn evenly among the candidates: what is learned from them has no bias",
    }),
    KILN_FRESH_SHARE: z.coerce.number().min(0).max(0.5).default(0.1).meta({
      description:
        "share of the places, in `GET /v1/feed` and in the feed `global` of `kiln push`, for the newest videos that no viewer has chosen yet. At 0.1 it is every tenth place of a viewer, counted over all feeds; there are more only when nothing else is left",
    }),
  })
  .meta({ title: "Feed" });
