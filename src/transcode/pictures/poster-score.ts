import type { Size } from "../plan/ladder.ts";

/** A picture's brightness, a byte a pixel, row by row. */
export type Luma = Size & { pixels: Uint8Array };

/** What distinguishes a good picture from a bad one, as numbers. */
export type PictureStatistics = {
  /** 0 black to 1 white, on average. */
  brightness: number;
  /** Bits that a pixel's brightness carries, 0 to 8: flat pictures and fades have few. */
  entropy: number;
  /** Share of blocks that show some structure: a title on a plain card leaves most of them flat. */
  texture: number;
  /** Mean strength of edges over mean contrast between neighbours, 0 to 4: blur lowers it, darkness does not. */
  sharpness: number;
  /** Mean absolute Laplacian in levels: how much fine detail there is. */
  detail: number;
};

const blockSide = 16;
/** Mean difference between neighbours, in levels, above which a block is more than a plain surface with noise. */
const structured = 2;

/** Pure. */
export function pictureStatistics({ width, height, pixels }: Luma): PictureStatistics {
  const histogram = new Float64Array(256);
  const columns = Math.ceil(width / blockSide);
  const rows = Math.ceil(height / blockSide);
  const blocks = new Float64Array(columns * rows);
  let sum = 0;
  let laplacian = 0;
  let gradient = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const here = pixels[at]!;
      histogram[here]!++;
      sum += here;
      const left = pixels[x > 0 ? at - 1 : at]!;
      const right = pixels[x < width - 1 ? at + 1 : at]!;
      const above = pixels[y > 0 ? at - width : at]!;
      const below = pixels[y < height - 1 ? at + width : at]!;
      const slope = Math.abs(right - left) + Math.abs(below - above);
      gradient += slope;
      laplacian += Math.abs(4 * here - left - right - above - below);
      blocks[Math.floor(y / blockSide) * columns + Math.floor(x / blockSide)]! += slope;
    }
  }
  const count = width * height;
  const area = blockSide * blockSide;
  return {
    brightness: sum / count / 255,
    entropy: histogram.reduce((bits, n) => (n === 0 ? bits : bits - (n / count) * Math.log2(n / count)), 0),
    texture: blocks.filter((slope) => slope / area > structured).length / blocks.length,
    sharpness: gradient === 0 ? 0 : laplacian / gradient,
    detail: laplacian / count,
  };
}

/**
 * How good a poster a picture makes, 0 and up; only the order counts. A product, so that a picture that
 * fails in one respect (black, flat, blurred, a title card) loses to one that is fair in all.
 */
export function posterScore({ brightness, entropy, texture, sharpness, detail }: PictureStatistics): number {
  const exposure = Math.min(1, brightness / 0.2, (1 - brightness) / 0.15);
  return exposure * (entropy / 8) ** 2 * (0.05 + texture) * sharpness * Math.log1p(detail);
}
