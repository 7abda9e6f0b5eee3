import type { Part } from "./division.ts";
import { fit, type Size } from "./ladder.ts";

/** Evenly spaced frames of the output, `first`, `first + step`, ..., scaled to a size in pixels. */
export type Stills = Size & { first: number; step: number; count: number };

/** The frames that pictures are made from; all leave the same decode as the renditions. */
export type PicturePlan = {
  /** Candidates, of which the best becomes the poster. */
  poster: Stills;
  storyboard: Stills;
  preview: Stills;
};

export const pictureKinds = ["poster", "storyboard", "preview"] as const;
export type PictureKind = (typeof pictureKinds)[number];

/** Longest sides in pixels. */
const sides = { poster: 1280, storyboard: 160, preview: 320 } as const;
const posterCandidates = 12;
const storyboardTiles = 100;
const previewSeconds = 3;
/** As many as a moving picture needs; more cost bytes on a page that shows twenty of them. */
const previewRate = 10;

/**
 * Chooses the frames of all pictures. Pure.
 * @param top the largest rendition
 * @param frames of the output
 * @param rate frames per second
 */
export function picturePlan(top: Size, frames: number, rate: number): PicturePlan {
  const within = (side: number) => fit(top, Math.min(1, side / Math.max(top.width, top.height)));
  const tile = Math.max(1, Math.ceil(frames / rate / storyboardTiles));
  const previewFrames = Math.min(frames, Math.round(previewSeconds * rate));
  return {
    poster: {
      ...within(sides.poster),
      ...spread(frames, Math.max(1, Math.floor(frames / posterCandidates))),
    },
    storyboard: { ...within(sides.storyboard), ...spread(frames, Math.round(tile * rate)) },
    preview: {
      ...within(sides.preview),
      ...spread(previewFrames, Math.max(1, Math.round(rate / previewRate))),
      // A quarter in: past the title, before the end is given away.
      first: Math.floor((frames - previewFrames) / 4),
    },
  };
}

const spread = (frames: number, step: number) => ({ first: 0, step, count: Math.ceil(frames / step) });

/** The kinds of pictures that have frames in a part. */
export const picturesIn = (pictures: PicturePlan, part: Part): PictureKind[] =>
  pictureKinds.filter((kind) => hasFramesIn(pictures[kind], part));

function hasFramesIn({ first, step, count }: Stills, { start, frames }: Part): boolean {
  const next = first + step * Math.max(0, Math.ceil((start - first) / step));
  return next < Math.min(start + frames, first + step * count);
}

/**
 * ffmpeg's expression for the frames.
 * @param zero the frame that it numbers `n` = 0
 */
export function selection({ first, step, count }: Stills, zero: number): string {
  const from = first - zero;
  const since = from < 0 ? `n+${-from}` : `n-${from}`;
  // Before the first one the remainder of a negative number does not matter: `gte` is zero there.
  return `gte(n\\,${from})*lt(n\\,${from + step * count})*not(mod(${since}\\,${step}))`;
}
