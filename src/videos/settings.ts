import { z } from "zod";
import { inKilnHome } from "../base/kiln-home.ts";

const days = z.coerce.number().min(0).max(36_500);

export const VideoSettings = z
  .object({
    KILN_BLOBS: z
      .string()
      .min(1)
      .default(() => inKilnHome("blobs"))
      .meta({ description: "folder of originals and products; all workers must see it under the same path" }),
    KILN_KEEP_ORIGINALS: days.default(365).meta({
      description:
        "how long originals of published videos, and all files of failed or banned videos, are kept after their last change; 0: forever",
      unit: "days",
    }),
    KILN_KEEP_PRODUCTS: days.default(365).meta({
      description:
        "how long the renditions of published videos are kept on the host after their last change (viewers get theirs from the canisters; `kiln features` reads these); 0: forever",
      unit: "days",
    }),
  })
  .meta({ title: "Videos" });
