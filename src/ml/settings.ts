import { z } from "zod";
import { engineChoices } from "./engines/engine.ts";

export const MlSettings = z.object({
  /** The folder of model versions. */
  KILN_MODELS: z.string().min(1).default("models"),
  /** The file of what is seen and heard in each video (kiln features): to learn from, and to place new videos by. */
  KILN_CONTENT: z.string().min(1).optional(),
  /** What trains and serves the models with a network. */
  KILN_ENGINE: z.enum(engineChoices).default("auto"),
  /** Where `kiln engine install tensorflow` puts its libraries; default: .runtime/tensorflow in Kiln's folder. */
  KILN_TENSORFLOW: z.string().min(1).optional(),
});
