import { z } from "zod";

/** A file of raw frames, one after the other: RGB, eight bits each. */
const RawFrames = z.object({
  path: z.string().min(1),
  width: z.int().positive(),
  height: z.int().positive(),
});
export type RawFrames = z.infer<typeof RawFrames>;

/** What an analysis is given: frames that the encode has decoded, and what was measured of the sound. */
export const AnalysisInput = z.object({
  /** Evenly over the whole video, large. */
  stills: RawFrames,
  /** Evenly over the whole video, small and many. */
  tiles: RawFrames,
  /** Of a few seconds, a tenth of a second apart. */
  moving: RawFrames,
  loudness: z.object({ integrated: z.number(), truePeak: z.number() }).nullable(),
});
export type AnalysisInput = z.infer<typeof AnalysisInput>;
