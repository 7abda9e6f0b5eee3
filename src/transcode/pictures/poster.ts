import sharp, { type Sharp } from "sharp";
import { TypedError } from "../../base/typed-error.ts";
import { allEnded } from "../base/all-ended.ts";
import { type StoredFile, storeContent } from "../base/stored-file.ts";
import type { Size } from "../plan/ladder.ts";
import type { Poster } from "./pictures.ts";
import { pictureStatistics, posterScore } from "./poster-score.ts";
import { rawFrames, rawSize } from "./raw-frames.ts";

/** Widths of the smaller posters; the largest is as wide as the candidates. */
const smallerWidths = [640, 320];
/** Pixels of the longest side at which candidates are compared: enough to detect blur, and cheap. */
const comparedSide = 480;

/** AVIF's effort 2 costs a tenth of the default 4 and loses little at these sizes. */
const encodings: readonly { extension: string; type: string; encode: (picture: Sharp) => Sharp }[] = [
  { extension: "avif", type: "image/avif", encode: (picture) => picture.avif({ quality: 55, effort: 2 }) },
  { extension: "webp", type: "image/webp", encode: (picture) => picture.webp({ quality: 78, effort: 2 }) },
  { extension: "jpg", type: "image/jpeg", encode: (picture) => picture.jpeg({ quality: 82 }) },
];

/** The candidate that was chosen: which one, and its pixels. */
export type Chosen = { index: number; frame: Buffer };

/**
 * Chooses the best of the candidates that the encode left (raw RGB frames, one after the other).
 * @throws TypedError PICTURES_FAILED when there is none
 */
export async function choosePoster(candidates: string, size: Size): Promise<Chosen> {
  let best: (Chosen & { score: number }) | null = null;
  let index = 0;
  for await (const frame of rawFrames(candidates, size)) {
    const { data, info } = await sharp(frame, { raw: rawSize(size) })
      .resize({ width: comparedSide, height: comparedSide, fit: "inside", withoutEnlargement: true })
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const score = posterScore(pictureStatistics({ width, height, pixels: data }));
    if (best === null || score > best.score) best = { index, frame, score };
    index++;
  }
  if (best === null) throw new TypedError("PICTURES_FAILED", "the encode left no frame for a poster");
  return best;
}

/** Writes the poster in every encoding and width, largest first. */
export async function storePosters(
  frame: Buffer,
  size: Size,
  out: string,
): Promise<{ posters: Poster[]; files: StoredFile[] }> {
  const widths = [size.width, ...smallerWidths.filter((width) => width < size.width * 0.75)];
  const made = await allEnded(
    widths.flatMap((width) =>
      encodings.map(async ({ extension, type, encode }) => {
        const picture = sharp(frame, { raw: rawSize(size) }).resize({ width });
        const { data, info } = await encode(picture).toBuffer({ resolveWithObject: true });
        const file = await storeContent(out, `poster/${width}.${extension}`, data);
        return { file, poster: { path: file.path, width: info.width, height: info.height, type } };
      }),
    ),
  );
  return { posters: made.map(({ poster }) => poster), files: made.map(({ file }) => file) };
}
