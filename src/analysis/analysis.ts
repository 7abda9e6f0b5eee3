import { z } from "zod";
import { classifierNames } from "./classes.ts";

const Share = z.number().min(0).max(1);

export const verdicts = ["clear", "unsafe", "banned"] as const;

/** What a video shows: the verdict, and what a recommender can know about it before its first view. */
export const Analysis = z.object({
  moderation: z.object({
    model: z.enum(classifierNames),
    /** How many were classified. */
    frames: z.int().positive(),
    /** Mean of the most explicit frames: porn plus hentai. */
    explicit: Share,
    /** Means over the frames. */
    scores: z.object({ drawing: Share, hentai: Share, neutral: Share, porn: Share, sexy: Share }),
    banScore: Share,
    unsafeScore: Share,
    verdict: z.enum(verdicts),
  }),
  features: z.object({
    /** The network's layer before its last, mean over frames, length 1: signed bytes of 1/127, base64. */
    embedding: z.base64(),
    /** 0 black to 1 white; mean, and standard deviation within a frame. */
    brightness: Share,
    contrast: Share,
    /** Hasler and Süsstrunk, over 255. */
    colourfulness: z.number().min(0),
    /** Mean change of a pixel's brightness in a tenth of a second. */
    motion: Share,
    /** LUFS and dBTP of the source; null without sound. */
    loudness: z.number().nullable(),
    truePeak: z.number().nullable(),
  }),
});
export type Analysis = z.infer<typeof Analysis>;
export type Verdict = (typeof verdicts)[number];
