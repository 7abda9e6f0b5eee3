import { z } from "zod";

export const FeedSettings = z.object({
  /** The share of places that the feed gives to a video drawn evenly: what it learns from them has no bias. */
  KILN_EXPLORATION: z.coerce.number().min(0).max(1).default(0.05),
  /** The share of places for videos that nobody has chosen yet: no model can know what they are worth. */
  KILN_FRESH_SHARE: z.coerce.number().min(0).max(0.5).default(0.1),
});
