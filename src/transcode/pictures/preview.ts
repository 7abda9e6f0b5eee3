import sharp from "sharp";
import { type StoredFile, storeContent } from "../base/stored-file.ts";
import type { Size } from "../plan/ladder.ts";
import type { Preview } from "./pictures.ts";
import { rawSize, readFrames } from "./raw-frames.ts";

/**
 * Makes an animated WebP that loops for ever.
 * @param interval seconds that a frame is shown
 */
export async function makePreview(
  frames: string,
  size: Size,
  { interval, out }: { interval: number; out: string },
): Promise<{ preview: Preview; file: StoredFile }> {
  const pages = await readFrames(frames, size);
  const content = await sharp(Buffer.concat(pages), {
    raw: { ...rawSize({ ...size, height: size.height * pages.length }), pageHeight: size.height },
  })
    .webp({ quality: 50, effort: 1, loop: 0, delay: pages.map(() => Math.round(interval * 1000)) })
    .toBuffer();
  const file = await storeContent(out, "preview/preview.webp", content);
  const duration = Number((pages.length * interval).toFixed(3));
  return {
    preview: { path: file.path, width: size.width, height: size.height, type: "image/webp", duration },
    file,
  };
}
