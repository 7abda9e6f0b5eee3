import { z } from "zod";
import { VersionName } from "./version-manifest.ts";

/** The result of registering a trained model. */
export const Registered = z.strictObject({
  version: VersionName,
  /** The gate's judgement. */
  gate: z.strictObject({
    passed: z.boolean(),
    reasons: z.array(z.strictObject({ passed: z.boolean(), message: z.string() })),
  }),
  promoted: z.boolean(),
});
export type Registered = z.output<typeof Registered>;
