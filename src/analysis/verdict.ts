import type { Analysis, Verdict } from "./analysis.ts";
import { classes, type FrameScores } from "./classes.ts";
import type { ModerationPolicy } from "./settings.ts";

/** A single misjudged frame must not ban a video; three rarely agree by accident. */
const decisive = 3;

/**
 * Judges a video by its frames. The three most explicit ones decide, so an hour of harmless ones hides nothing.
 * @param frames at least one
 */
export function moderate(frames: readonly FrameScores[], policy: ModerationPolicy): Analysis["moderation"] {
  // Rounded before it is judged: in floating point, the mean of three frames at .7 is a little less than .7.
  const explicit = rounded(
    mean(
      frames
        .map(({ porn, hentai }) => porn + hentai)
        .toSorted((one, other) => other - one)
        .slice(0, decisive),
    ),
  );
  const scores = Object.fromEntries(
    classes.map((name) => [name, rounded(mean(frames.map((frame) => frame[name])))]),
  ) as FrameScores;
  return {
    ...policy,
    frames: frames.length,
    explicit,
    scores,
    verdict: verdict(explicit, policy),
  };
}

function verdict(explicit: number, { banScore, unsafeScore }: ModerationPolicy): Verdict {
  if (explicit >= banScore) return "banned";
  return explicit >= unsafeScore ? "unsafe" : "clear";
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** In 32 bits, probabilities can add up to slightly more than 1. */
const rounded = (value: number) => Math.min(1, Math.round(value * 10_000) / 10_000);
