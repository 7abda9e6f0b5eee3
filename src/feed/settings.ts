import { z } from "zod";

export const FeedSettings = z
  .object({
    KILN_EXPLORATION: z.coerce.number().min(0).max(1).default(0.05).meta({
      description:
        "share of the feed's places that are drawn evenly from all videos: what is learned from them has no bias",
    }),
    KILN_FRESH_SHARE: z.coerce.number().min(0).max(0.5).default(0.1).meta({
      description:
        "share of the places, in `POST /v1/feed` and in the feed `global` of `kiln push`, for new videos. At 0.1 it is every tenth place of a viewer, counted over all feeds; there are more only when nothing else is left",
    }),
    KILN_FRESH_IMPRESSIONS: z.coerce
      .number()
      .int()
      .min(1)
      .default(100)
      .meta({ description: "impressions after which a video is no longer new" }),
  })
  .meta({ title: "Feed" });
