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
        "how long the original of a published video is kept after its last change, and everything of a video that failed or was banned; 0: for ever",
      unit: "days",
    }),
    KILN_KEEP_PRODUCTS: days.default(365).meta({
      description:
        "how long the product of a published video is kept after its last change (what viewers see is in the canisters; `kiln features` reads products); 0: for ever",
      unit: "days",
    }),
  })
  .meta({ title: "Videos" });
