import type { Analysis } from "./analysis.ts";
import { decodeEmbedding } from "./embedding.ts";

/** Quieter is silence. LUFS and dBTP. */
const floor = -60;
const level = (value: number | null) => (value === null ? 0 : Math.min(1, Math.max(0, 1 - value / floor)));

/**
 * What a recommender knows of a video before anybody has watched it, as numbers of like size: the embedding of its
 * frames, how it looks as a whole, and how it sounds.
 */
export const contentFeatures = ({
  embedding,
  brightness,
  contrast,
  colourfulness,
  motion,
  loudness,
  truePeak,
}: Analysis["features"]): number[] => [
  ...decodeEmbedding(embedding),
  ...[brightness, contrast, colourfulness, motion],
  ...[level(loudness), level(truePeak)],
];
