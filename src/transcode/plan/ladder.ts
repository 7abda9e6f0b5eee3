/** Width and height in pixels. */
export type Size = { width: number; height: number };

/** One rung: a name, an even size, and bits per second. */
export type Rung = Size & {
  name: string;
  /** The ceiling of the average, for content that is hard; easy content takes less. */
  bitrate: number;
};

/** Phones' decoders end here; longer sides are scaled down with the picture. */
const longestSide = 4096;

/**
 * Renditions for a source, largest first: by short side, so that portrait video is first class. Never
 * upscales; always at least one. A step that the source misses by less than a tenth (1072 lines instead
 * of 1080) is kept at the source's own size; a source further from every step has a rung of its own size on top.
 * @param source pixels as shown: rotated, pixels square
 * @param steps short sides in pixels
 */
export function ladder(source: Size, framesPerSecond: number, steps: readonly number[]): Rung[] {
  const short = Math.min(source.width, source.height);
  const fitting = steps.filter((step) => step * 0.9 <= short).toSorted((one, other) => other - one);
  const between = short < Math.max(...steps) && !fitting.some((step) => step * 1.1 >= short);
  const rungs = [...(between || fitting.length === 0 ? [short] : []), ...fitting].map((step) => {
    const factor = Math.min(step / short, longestSide / Math.max(source.width, source.height));
    const size = fit(source, Math.min(factor, largestFactor(source, levelFor(step), framesPerSecond)));
    const name = steps.includes(step) ? step : Math.min(size.width, size.height);
    return { name: `${name}p`, ...size, bitrate: bitrate(size, framesPerSecond) };
  });
  // A long side that is cut down can make two steps the same size.
  return rungs.filter(
    ({ width, height }, index) =>
      rungs.findIndex((other) => other.width === width && other.height === height) === index,
  );
}

/** Macroblocks of 16 x 16 pixels, of a frame and in a second. */
type Level = { frame: number; second: number };

/**
 * The highest level that a rung may need: up to 1080 lines 4.2, where Apple's and most hardware decoders end. HEVC and AV1
 * at level 4.1 allow at least as many pixels.
 * @source ITU-T H.264, table A-1; ITU-T H.265, table A.8; AV1, annex A.3; Apple HLS Authoring Specification, 1.4
 */
const levelFor = (step: number): Level =>
  step <= 1080 ? { frame: 8704, second: 522_240 } : { frame: 36_864, second: 2_073_600 };

/** By which a source may be scaled at most, so that the level allows it at this rate; never above 1. */
function largestFactor(source: Size, { frame, second }: Level, framesPerSecond: number): number {
  const limit = Math.min(frame, second / framesPerSecond);
  for (let factor = 1; ; factor *= 0.995) {
    const { width, height } = fit(source, factor);
    if (Math.ceil(width / 16) * Math.ceil(height / 16) <= limit) return factor;
  }
}

/** Scales a size down and rounds it to even sides: 4:2:0 video has half as many chroma samples. */
export function fit({ width, height }: Size, factor: number): Size {
  const even = (side: number) => Math.max(2, Math.floor((side * factor) / 2 + 0.5 - evenSlack) * 2);
  return { width: even(width), height: even(height) };
}

/** Sides that lie exactly between two even numbers go down: rounding up would be upscaling. */
const evenSlack = 1e-6;

/**
 * Bits per second: 4 Mbit/s at 1080p30, growing with the power 0.75 of the pixels (larger pictures are
 * smoother per pixel) and 0.6 of the rate (more frames differ less).
 * @source the power-of-0.75 rule, Ben Waggoner, "Compression for Great Video and Audio"
 */
function bitrate({ width, height }: Size, framesPerSecond: number): number {
  const exact = 4e6 * ((width * height) / (1920 * 1080)) ** 0.75 * (framesPerSecond / 30) ** 0.6;
  return Math.max(50_000, Math.round(exact / 1000) * 1000);
}
