import { z } from "zod";

/** What every refusal of the API looks like. */
export const ApiError = z
  .object({
    code: z.string().describe("for programs: docs/reference/errors.md says what to do about each"),
    message: z.string(),
  })
  .meta({ id: "ApiError" });
export type ApiError = z.infer<typeof ApiError>;
