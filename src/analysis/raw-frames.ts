import { open } from "node:fs/promises";
import type { RawFrames } from "./analysis-input.ts";

/** The frames of a file one by one; an incomplete last one is left out. */
export async function* readFrames({ path, width, height }: RawFrames): AsyncGenerator<Uint8Array> {
  const length = width * height * 3;
  await using file = await open(path);
  for (let index = 0; ; index++) {
    const frame = new Uint8Array(length);
    const { bytesRead } = await file.read(frame, 0, length, index * length);
    if (bytesRead < length) return;
    yield frame;
  }
}

/** A frame made smaller by a whole factor: each pixel the mean of a square. */
export function shrunk(
  frame: Uint8Array,
  { width, height }: { width: number; height: number },
  factor: number,
): { frame: Uint8Array; width: number; height: number } {
  if (factor <= 1) return { frame, width, height };
  const [columns, rows] = [Math.floor(width / factor), Math.floor(height / factor)];
  const small = new Uint8Array(columns * rows * 3);
  const count = factor * factor;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let y = 0; y < factor; y++)
          for (let x = 0; x < factor; x++)
            sum += frame[((row * factor + y) * width + column * factor + x) * 3 + channel]!;
        small[(row * columns + column) * 3 + channel] = Math.round(sum / count);
      }
  return { frame: small, width: columns, height: rows };
}
