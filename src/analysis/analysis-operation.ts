import { z } from "zod";
import type { Operation } from "../base/processes/operation.ts";
import { Analysis } from "./analysis.ts";
import { AnalysisInput } from "./analysis-input.ts";
import { classifierNames } from "./classes.ts";
import type { ModerationPolicy } from "./settings.ts";

const Request = z.object({
  input: AnalysisInput,
  policy: z.object({
    model: z.enum(classifierNames),
    banScore: z.number(),
    unsafeScore: z.number(),
  }) satisfies z.ZodType<ModerationPolicy>,
});

export const analysisOperation: Operation<z.infer<typeof Request>, never, Analysis> = {
  name: "analyse",
  request: Request,
  report: z.never(),
  answer: Analysis,
};
