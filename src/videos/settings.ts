import { z } from "zod";

export const VideoSettings = z.object({
  /** The folder of originals and products. */
  KILN_BLOBS: z.string().min(1).default(".kiln/blobs"),
});
