import type { Size } from "../plan/ladder.ts";

/** The longest side that is hashed: more pixels change nothing. */
export const thumbhashSide = 100;

/** Cosine terms of one channel: the mean, the others scaled to -1..1, and that scale. */
type Terms = { mean: number; scale: number; others: number[] };

/**
 * A placeholder of some 25 bytes for an opaque picture, base64: average colour, shape and the lowest
 * frequencies of brightness and two colour differences.
 * @param rgb three bytes a pixel, row by row, at most 100 pixels a side
 * @source Evan Wallace, ThumbHash, https://evanw.github.io/thumbhash/ (the layout without alpha)
 */
export function thumbhash(rgb: Uint8Array, size: Size): string {
  const { width, height } = size;
  const channel = (mix: (r: number, g: number, b: number) => number) =>
    Float64Array.from({ length: width * height }, (_, pixel) =>
      mix(rgb[pixel * 3]! / 255, rgb[pixel * 3 + 1]! / 255, rgb[pixel * 3 + 2]! / 255),
    );
  const landscape = width > height;
  const termsOf = (side: number) => Math.max(1, Math.round((7 * side) / Math.max(width, height)));
  const [columns, rows] = [termsOf(width), termsOf(height)];
  const brightness = cosines(
    channel((r, g, b) => (r + g + b) / 3),
    size,
    { columns: Math.max(3, columns), rows: Math.max(3, rows) },
  );
  const yellowBlue = cosines(
    channel((r, g, b) => (r + g) / 2 - b),
    size,
    { columns: 3, rows: 3 },
  );
  const redGreen = cosines(
    channel((r, g) => r - g),
    size,
    { columns: 3, rows: 3 },
  );
  const colours =
    Math.round(63 * brightness.mean) |
    (Math.round(31.5 + 31.5 * yellowBlue.mean) << 6) |
    (Math.round(31.5 + 31.5 * redGreen.mean) << 12) |
    (Math.round(31 * brightness.scale) << 18);
  const shape =
    (landscape ? rows : columns) |
    (Math.round(63 * yellowBlue.scale) << 3) |
    (Math.round(63 * redGreen.scale) << 9) |
    (landscape ? 1 << 15 : 0);
  const nibbles = [brightness, yellowBlue, redGreen].flatMap(({ others }) =>
    others.map((term) => Math.round(7.5 + 7.5 * term)),
  );
  const packed = Array.from(
    { length: Math.ceil(nibbles.length / 2) },
    (_, byte) => nibbles[byte * 2]! | ((nibbles[byte * 2 + 1] ?? 0) << 4),
  );
  const head = [colours & 255, (colours >> 8) & 255, colours >> 16, shape & 255, shape >> 8];
  return Buffer.from([...head, ...packed]).toString("base64");
}

/** The discrete cosine terms below the diagonal of a grid of frequencies, row by row. */
function cosines(
  channel: Float64Array,
  { width, height }: Size,
  { columns, rows }: { columns: number; rows: number },
): Terms {
  const wave = (side: number, frequency: number) =>
    Float64Array.from({ length: side }, (_, at) => Math.cos((Math.PI / side) * frequency * (at + 0.5)));
  const terms: number[] = [];
  for (let row = 0; row < rows; row++) {
    const down = wave(height, row);
    for (let column = 0; column * rows < columns * (rows - row); column++) {
      const across = wave(width, column);
      const sum = channel.reduce(
        (total, value, pixel) => total + value * across[pixel % width]! * down[Math.floor(pixel / width)]!,
        0,
      );
      terms.push(sum / (width * height));
    }
  }
  const [mean = 0, ...others] = terms;
  const scale = Math.max(...others.map(Math.abs));
  return { mean, scale, others: others.map((term) => (scale === 0 ? 0 : term / scale)) };
}
