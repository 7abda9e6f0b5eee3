import type { Analysis } from "./analysis.ts";
import type { AnalysisInput, RawFrames } from "./analysis-input.ts";
import { loadClassifier, type Seen } from "./classifier.ts";
import { encodeEmbedding } from "./embedding.ts";
import { readFrames } from "./raw-frames.ts";
import type { ModerationPolicy } from "./settings.ts";
import { change, type FrameStatistics, frameStatistics } from "./statistics.ts";
import { moderate } from "./verdict.ts";

/** Analyses all frames, in this process. */
export async function analyseFrames(
  { stills, tiles, moving, loudness }: AnalysisInput,
  policy: ModerationPolicy,
): Promise<Analysis> {
  const classify = await loadClassifier(policy.model);
  const large = await seenIn(stills);
  const small = await seenIn(tiles);
  const statistics: FrameStatistics[] = [];
  for await (const frame of readFrames(tiles)) statistics.push(frameStatistics(frame));
  return {
    moderation: moderate(
      [...large, ...small].map(({ scores }) => scores),
      policy,
    ),
    features: {
      embedding: encodeEmbedding(large.map(({ embedding }) => embedding)),
      brightness: mean(statistics.map(({ brightness }) => brightness)),
      contrast: mean(statistics.map(({ contrast }) => contrast)),
      colourfulness: mean(statistics.map(({ colourfulness }) => colourfulness)),
      motion: await motionOf(moving),
      loudness: loudness?.integrated ?? null,
      truePeak: loudness?.truePeak ?? null,
    },
  };

  async function seenIn(frames: RawFrames): Promise<Seen[]> {
    const seen: Seen[] = [];
    for await (const frame of readFrames(frames)) seen.push(await classify(frame, frames));
    return seen;
  }
}

async function motionOf(moving: RawFrames): Promise<number> {
  const changes: number[] = [];
  let before: Uint8Array | undefined;
  for await (const frame of readFrames(moving)) {
    if (before !== undefined) changes.push(change(before, frame));
    before = frame;
  }
  return mean(changes);
}

/** To four digits, more than a model can learn from; a single frame has no motion. */
function mean(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sum = values.reduce((total, value) => total + value, 0);
  return Math.round((10_000 * sum) / values.length) / 10_000;
}
