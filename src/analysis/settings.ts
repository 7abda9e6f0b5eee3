import { z } from "zod";
import { TypedError } from "../base/typed-error.ts";
import { classifierNames } from "./classes.ts";

const score = z.coerce.number().min(0).max(1);

export const AnalysisSettings = z
  .object({
    KILN_MODERATION: z.enum(["on", "off"]).default("on").meta({
      description:
        "`on`: no video becomes public before its frames were judged (nsfwjs, on this machine); `off`: every video that was encoded and verified is cleared",
    }),
    KILN_MODERATION_MODEL: z.enum(classifierNames).default("mobilenet_v2").meta({
      description:
        "`mobilenet_v2` takes a tenth of a second per frame; `inception_v3` takes five times as long and makes fewer mistakes",
    }),
    KILN_BAN_SCORE: score.default(0.8).meta({
      description: "explicitness of the three most explicit frames from which a video is banned",
    }),
    KILN_UNSAFE_SCORE: score.default(0.4).meta({
      description:
        "explicitness from which a video is marked unsafe; the feed of Hot or Not uses the same limit",
    }),
    KILN_ANALYSIS_SECONDS: z.coerce
      .number()
      .positive()
      .max(86_400)
      .default(600)
      .meta({ description: "time for judging the frames of a video", unit: "seconds" }),
    KILN_ANALYSIS_MEMORY_BYTES: z.coerce
      .number()
      .int()
      .min(512 * 1024 ** 2)
      .default(2 * 1024 ** 3)
      .meta({ description: "memory of the process that judges the frames of a video", unit: "bytes" }),
  })
  .meta({ title: "Moderation" });
export type AnalysisSettings = z.infer<typeof AnalysisSettings>;

/** How content is judged. */
export type ModerationPolicy = {
  model: (typeof classifierNames)[number];
  /** Explicitness, 0 to 1. */
  banScore: number;
  unsafeScore: number;
  /** What the analysis of a video may use; unlimited without them. */
  bounds?: { seconds: number; memoryBytes: number };
};

/**
 * @returns null when moderation is switched off
 * @throws TypedError SETTING_INVALID
 */
export function moderationOf(settings: AnalysisSettings): ModerationPolicy | null {
  const { KILN_BAN_SCORE: banScore, KILN_UNSAFE_SCORE: unsafeScore } = settings;
  if (unsafeScore > banScore)
    throw new TypedError(
      "SETTING_INVALID",
      `KILN_UNSAFE_SCORE=${unsafeScore} is above KILN_BAN_SCORE=${banScore}: what is banned is unsafe, too`,
    );
  if (settings.KILN_MODERATION === "off") return null;
  const bounds = {
    seconds: settings.KILN_ANALYSIS_SECONDS,
    memoryBytes: settings.KILN_ANALYSIS_MEMORY_BYTES,
  };
  return { model: settings.KILN_MODERATION_MODEL, banScore, unsafeScore, bounds };
}
