import { open, stat } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { z } from "zod";
import { TypedError } from "../telemetry/typed-error.ts";
import type { Size } from "./ladder.ts";
import { type StoredFile, storeContent } from "./stored-file.ts";

export const Poster = z.object({
  path: z.string(),
  width: z.int().positive(),
  height: z.int().positive(),
  type: z.string(),
});
export type Poster = z.infer<typeof Poster>;

/** Widths of the smaller pictures, for lists; the largest is as wide as the candidates. */
const smallWidth = 480;

/** AVIF's effort 2 costs a tenth of the default 4 and loses little at these sizes. */
const encodings: readonly { extension: string; type: string; encode: (picture: Sharp) => Sharp }[] = [
  { extension: "avif", type: "image/avif", encode: (picture) => picture.avif({ quality: 55, effort: 2 }) },
  { extension: "webp", type: "image/webp", encode: (picture) => picture.webp({ quality: 78, effort: 2 }) },
  { extension: "jpg", type: "image/jpeg", encode: (picture) => picture.jpeg({ quality: 82 }) },
];

/**
 * Makes the poster from the candidates that the encode left (raw RGB frames, one after the other).
 * @throws TypedError PICTURES_FAILED when there is no candidate
 */
export async function posters(
  candidates: string,
  size: Size,
  out: string,
): Promise<{ posters: Poster[]; files: StoredFile[] }> {
  const raw = { width: size.width, height: size.height, channels: 3 as const };
  const frame = await liveliest(candidates, raw);
  const widths = size.width > smallWidth ? [size.width, smallWidth] : [size.width];
  const made = await Promise.all(
    widths.flatMap((width) =>
      encodings.map(async ({ extension, type, encode }) => {
        const picture = sharp(frame, { raw }).resize({ width, withoutEnlargement: true });
        const { data, info } = await encode(picture).toBuffer({ resolveWithObject: true });
        const file = await storeContent(out, `poster/${width}.${extension}`, data);
        return { file, poster: { path: file.path, width: info.width, height: info.height, type } };
      }),
    ),
  );
  return { posters: made.map(({ poster }) => poster), files: made.map(({ file }) => file) };
}

type Raw = Size & { channels: 3 };

/** The candidate with the most information: black, white and plain title cards have little. */
async function liveliest(candidates: string, raw: Raw): Promise<Buffer> {
  const length = raw.width * raw.height * raw.channels;
  const count = Math.floor((await stat(candidates)).size / length);
  if (count === 0)
    throw new TypedError("PICTURES_FAILED", "the encode left no frame for a poster", { final: false });
  await using file = await open(candidates);
  let best: { frame: Buffer; entropy: number } | null = null;
  for (let index = 0; index < count; index++) {
    const frame = Buffer.alloc(length);
    await file.read(frame, 0, length, index * length);
    const small = await sharp(frame, { raw }).resize(128, 128, { fit: "inside" }).png().toBuffer();
    const { entropy } = await sharp(small).stats();
    if (best === null || entropy > best.entropy) best = { frame, entropy };
  }
  return best!.frame;
}
