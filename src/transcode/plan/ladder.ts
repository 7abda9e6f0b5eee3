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
    const size = fit(source, Math.min(1, step / short, longestSide / Math.max(source.width, source.height)));
    const name = steps.includes(step) ? step : Math.min(size.width, size.height);
    return { name: `${name}p`, ...size, bitrate: bitrate(size, framesPerSecond) };
  });
  // A long side that is cut down can make two steps the same size.
  return rungs.filter(
    ({ width, height }, index) =>
      rungs.findIndex((other) => other.width === width && other.height === height) === index,
  );
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
