import { z } from "zod";
import { VersionName } from "./version-manifest.ts";

/** What became of a trained model. */
export const Registered = z.strictObject({
  version: VersionName,
  /** What the gate said. */
  gate: z.strictObject({
    passed: z.boolean(),
    reasons: z.array(z.strictObject({ passed: z.boolean(), say: z.string() })),
  }),
  promoted: z.boolean(),
});
export type Registered = z.output<typeof Registered>;
