import sharp from "sharp";
import type { SmallFrame } from "./small-frames.ts";

const side = 96;

/** A still picture, the first page of a moving one, or a part of it, as a browser would show it. */
export async function smallPicture(
  path: string,
  part?: { left: number; top: number; width: number; height: number },
): Promise<SmallFrame> {
  const whole = sharp(path, { page: 0 });
  const { data } = await (part ? whole.extract(part) : whole)
    .removeAlpha()
    .toColourspace("srgb")
    .resize(side, side, { fit: "fill", kernel: "linear" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return {
    side,
    patches: Array.from({ length: side * side }, (_, at) => {
      const [r = 0, g = 0, b = 0] = data.subarray(at * 3, at * 3 + 3);
      return [r / 255, g / 255, b / 255];
    }),
  };
}
