/** A stretch of the source: where it begins (seconds after the file's start), and frames of the output. */
export type Excerpt = { start: number; frames: number };

const count = 3;

/**
 * The excerpts of a clip that are sampled: three segments, each in the middle of a third; all of a clip that is not
 * longer than these.
 * @param frames of the output, and in a segment
 */
export function excerpts(frames: number, segment: number, framesPerSecond: number): Excerpt[] {
  if (frames <= count * segment) return [{ start: 0, frames }];
  return Array.from({ length: count }, (_, index) => ({
    start: ((index + 0.5) / count) * (frames / framesPerSecond) - segment / framesPerSecond / 2,
    frames: segment,
  }));
}
