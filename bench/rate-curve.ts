/** How like its source an encode is: SSIM of the luma (0 to 1), PSNR of the luma (dB), at bits per second. */
export type Point = { bitrate: number; ssim: number; psnr: number };
type Measure = "ssim" | "psnr";

/** What a curve has at a bitrate: straight lines over the logarithm of the bitrate, the last ones drawn on. */
export function qualityAt(curve: readonly Point[], bitrate: number): Omit<Point, "bitrate"> {
  const [low, high] = around(curve, (point) => point.bitrate, bitrate);
  const share = Math.log(bitrate / low.bitrate) / Math.log(high.bitrate / low.bitrate);
  const between = (key: Measure) => low[key] + share * (high[key] - low[key]);
  return { ssim: between("ssim"), psnr: between("psnr") };
}

/** The bitrate at which a curve has a quality, read in the same way. */
export function bitrateAt(curve: readonly Point[], measure: Measure, quality: number): number {
  const [low, high] = around(curve, (point) => point[measure], quality);
  const share = (quality - low[measure]) / (high[measure] - low[measure]);
  return low.bitrate * (high.bitrate / low.bitrate) ** share;
}

/** The neighbours of a value on a curve that rises in it. */
function around(curve: readonly Point[], key: (point: Point) => number, value: number): [Point, Point] {
  const sorted = curve.toSorted((one, other) => key(one) - key(other));
  const above = sorted.findIndex((point) => key(point) >= value);
  const right = above === -1 ? sorted.length - 1 : Math.max(1, above);
  return [sorted[right - 1]!, sorted[right]!];
}
