import { z } from "zod";
import type { Operation } from "../../base/processes/operation.ts";
import { askReader, type ReadingOptions } from "../base/reading.ts";
import { StoredFile } from "../base/stored-file.ts";
import type { PicturePlan } from "../plan/picture-plan.ts";

const Poster = z.object({
  path: z.string(),
  width: z.int().positive(),
  height: z.int().positive(),
  type: z.string(),
});
export type Poster = z.infer<typeof Poster>;

/** Pictures for a seek bar: one sprite, and a WebVTT file that says which part of it shows which time. */
const Storyboard = z.object({
  vtt: z.string(),
  sprite: z.string(),
  tiles: z.int().positive(),
  tileWidth: z.int().positive(),
  tileHeight: z.int().positive(),
  /** Seconds from one tile to the next. */
  interval: z.number().positive(),
});
export type Storyboard = z.infer<typeof Storyboard>;

/** A short moving picture without sound, for lists of videos. */
const Preview = z.object({
  path: z.string(),
  width: z.int().positive(),
  height: z.int().positive(),
  type: z.literal("image/webp"),
  /** Seconds. */
  duration: z.number().positive(),
});
export type Preview = z.infer<typeof Preview>;

/** What shows a video without playing it. */
export const Pictures = z.object({
  /** In every encoding and width, largest first. */
  posters: z.array(Poster).min(1),
  /** Seconds: when the poster is in the video. */
  posterTime: z.number().min(0),
  /** Of the poster, base64. */
  thumbhash: z.base64(),
  storyboard: Storyboard,
  preview: Preview,
});
export type Pictures = z.infer<typeof Pictures>;

/** Files of raw RGB frames that the encode left. */
export type RawPictures = Record<keyof PicturePlan, string>;

const Path = z.string().min(1);
const count = z.int().nonnegative();
const Stills = z.object({
  width: z.int().positive(),
  height: z.int().positive(),
  first: count,
  step: z.int().positive(),
  count,
});
const Request = z.object({
  raw: z.object({ poster: Path, storyboard: Path, preview: Path }),
  plan: z.object({ poster: Stills, storyboard: Stills, preview: Stills }),
  /** Frames per second. */
  rate: z.number().positive(),
  /** Seconds. */
  duration: z.number().positive(),
  out: Path,
});
const Answer = z.object({ pictures: Pictures, files: z.array(StoredFile) });

export const picturesOperation: Operation<z.infer<typeof Request>, never, z.infer<typeof Answer>> = {
  name: "pictures",
  request: Request,
  report: z.never(),
  answer: Answer,
};

/**
 * Makes all pictures of a video, in a bounded child process.
 * @param rate frames per second
 * @param duration seconds
 * @throws TypedError PICTURES_FAILED when the encode left no frame; as askReader
 */
export async function makePictures(
  raw: RawPictures,
  plan: PicturePlan,
  { rate, duration, out }: { rate: number; duration: number; out: string },
  reading: ReadingOptions = {},
): Promise<z.infer<typeof Answer>> {
  return await askReader(picturesOperation, { raw, plan, rate, duration, out }, reading);
}
