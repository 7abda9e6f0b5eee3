import { z } from "zod";

export const EventSettings = z.object({
  /** The folder of the event lake. */
  KILN_LAKE: z.string().min(1).default(".kiln/lake"),
});
