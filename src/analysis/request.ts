import { z } from "zod";
import { AnalysisInput } from "./analysis-input.ts";
import { classifierNames } from "./classes.ts";
import type { ModerationPolicy } from "./settings.ts";

/** What the child process is asked. */
export const Request = z.object({
  input: AnalysisInput,
  policy: z.object({
    model: z.enum(classifierNames),
    banScore: z.number(),
    unsafeScore: z.number(),
  }) satisfies z.ZodType<ModerationPolicy>,
});
export type Request = z.infer<typeof Request>;
