import { z } from "zod";

export const FeedSettings = z.object({
  /** The share of places that the feed gives to a video drawn evenly: what it learns from them has no bias. */
  KILN_EXPLORATION: z.coerce.number().min(0).max(1).default(0.05),
});
