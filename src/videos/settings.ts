import { z } from "zod";
import { inKilnHome } from "../base/kiln-home.ts";

export const VideoSettings = z
  .object({
    KILN_BLOBS: z
      .string()
      .min(1)
      .default(() => inKilnHome("blobs"))
      .meta({ description: "folder of originals and products; all workers must see it under the same path" }),
  })
  .meta({ title: "Videos" });
