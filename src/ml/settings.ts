import { z } from "zod";
import { modelsFolder } from "../base/kiln-home.ts";
import { engineChoices } from "./engines/engine.ts";

export const MlSettings = z
  .object({
    KILN_MODELS: z.string().min(1).default(modelsFolder).meta({
      description: "folder of the model versions",
      shownDefault: "`models` in `KILN_HOME`, or in Kiln's own folder",
    }),
    KILN_CONTENT: z.string().min(1).optional().meta({
      description:
        "file of what is seen and heard in each video (`kiln features`): models learn from it, and new videos are placed by it",
    }),
    KILN_ENGINE: z.enum(engineChoices).default("auto").meta({
      description:
        "what trains and serves models with a network; `auto`: the first of `tensorflow`, `webgpu`, `wasm` that works",
    }),
    KILN_TENSORFLOW: z.string().min(1).optional().meta({
      description: "folder in which `kiln engine install tensorflow` puts its libraries",
      shownDefault: "`.runtime/tensorflow` in Kiln's own folder",
    }),
  })
  .meta({ title: "Models" });
