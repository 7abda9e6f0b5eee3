import { z } from "zod";

/** The body of every error of the API. */
export const ApiError = z
  .object({
    code: z.string().describe("one of those in docs/reference/errors.md"),
    message: z.string(),
  })
  .meta({ id: "ApiError" });
export type ApiError = z.infer<typeof ApiError>;
