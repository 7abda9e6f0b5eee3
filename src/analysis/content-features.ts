import type { Analysis } from "./analysis.ts";
import { decodeEmbedding } from "./embedding.ts";

/** LUFS and dBTP; anything quieter counts as silence. */
const floor = -60;
const level = (value: number | null) => (value === null ? 0 : Math.min(1, Math.max(0, 1 - value / floor)));

/**
 * What a recommender knows about a video before its first view, as numbers of similar size: the embedding of its
 * frames, their statistics, and its loudness.
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
