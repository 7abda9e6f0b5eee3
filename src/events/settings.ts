import { z } from "zod";
import { inKilnHome } from "../base/kiln-home.ts";

export const EventSettings = z
  .object({
    KILN_LAKE: z
      .string()
      .min(1)
      .default(() => inKilnHome("lake"))
      .meta({ description: "folder of the event lake" }),
  })
  .meta({ title: "Events" });
