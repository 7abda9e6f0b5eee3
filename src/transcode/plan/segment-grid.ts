import type { Policy } from "../base/settings.ts";

/** Where every rendition is cut, counted in frames of the output. */
export type SegmentGrid = {
  /** Frames in a segment. */
  segment: number;
  /** Frames in the smallest group of pictures: every segment is a whole number of groups. */
  group: number;
  /** How many segments at the beginning are one group long. */
  short: number;
};

/**
 * A player can begin when it has one segment, so with `short` the first two are half as long as all others: half
 * the bytes before the first picture, and from the second full segment on the same grid as without. An encoder
 * that can only repeat one distance of keyframes repeats the half.
 * @param seconds that a segment may last at most, but for the rounding to frames
 * @param rate frames per second
 */
export function segmentGrid(seconds: number, rate: number, first: Policy["firstSegments"]): SegmentGrid {
  const whole = Math.max(1, Math.round(seconds * rate));
  if (first === "full") return { segment: whole, group: whole, short: 0 };
  // Half a frame is rounded down: a longer segment might not fit into a chunk.
  const group = Math.max(1, Math.ceil((seconds * rate) / 2 - 0.5));
  return { segment: 2 * group, group, short: 2 };
}

/** The frame with which a segment begins. */
export function segmentStart({ segment, group, short }: SegmentGrid, index: number): number {
  return index <= short ? index * group : short * group + (index - short) * segment;
}

/** Whether a segment begins with a frame. */
export function startsSegment({ segment, group, short }: SegmentGrid, frame: number): boolean {
  const shortFrames = short * group;
  return frame < shortFrames ? frame % group === 0 : (frame - shortFrames) % segment === 0;
}
