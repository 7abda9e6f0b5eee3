import sharp from "sharp";
import type { StoredFile } from "../base/stored-file.ts";
import type { Size } from "../plan/ladder.ts";
import type { PicturePlan } from "../plan/picture-plan.ts";
import type { Pictures, RawPictures } from "./pictures.ts";
import { choosePoster, storePosters } from "./poster.ts";
import { makePreview } from "./preview.ts";
import { rawSize } from "./raw-frames.ts";
import { makeStoryboard } from "./storyboard.ts";
import { thumbhash, thumbhashSide } from "./thumbhash.ts";

/**
 * Makes all pictures of a video, in this process.
 * @param rate frames per second
 * @param duration seconds
 * @throws TypedError PICTURES_FAILED when the encode left no frame
 */
export async function drawPictures(
  raw: RawPictures,
  plan: PicturePlan,
  { rate, duration, out }: { rate: number; duration: number; out: string },
): Promise<{ pictures: Pictures; files: StoredFile[] }> {
  const { index, frame } = await choosePoster(raw.poster, plan.poster);
  const stored = await storePosters(frame, plan.poster, out);
  const seekBar = await makeStoryboard(raw.storyboard, plan.storyboard, {
    interval: plan.storyboard.step / rate,
    duration,
    out,
  });
  const moving = await makePreview(raw.preview, plan.preview, { interval: plan.preview.step / rate, out });
  return {
    pictures: {
      posters: stored.posters,
      posterTime: (plan.poster.first + index * plan.poster.step) / rate,
      thumbhash: await placeholder(frame, plan.poster),
      storyboard: seekBar.storyboard,
      preview: moving.preview,
    },
    files: [...stored.files, ...seekBar.files, moving.file],
  };
}

async function placeholder(frame: Buffer, size: Size): Promise<string> {
  const { data, info } = await sharp(frame, { raw: rawSize(size) })
    .resize({ width: thumbhashSide, height: thumbhashSide, fit: "inside" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return thumbhash(data, info);
}
