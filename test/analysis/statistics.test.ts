import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEmbedding, encodeEmbedding } from "../../src/analysis/embedding.ts";
import { shrunk } from "../../src/analysis/raw-frames.ts";
import { change, frameStatistics } from "../../src/analysis/statistics.ts";

const frame = (...pixels: [number, number, number][]) => Uint8Array.from(pixels.flat());
const [black, white, red] = [[0, 0, 0] as const, [255, 255, 255] as const, [255, 0, 0] as const].map(
  (pixel) => [...pixel] as [number, number, number],
) as [[number, number, number], [number, number, number], [number, number, number]];

const rounded = (values: object) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value.toFixed(3))]));

test("look: grey is flat and without colour, halves have contrast, red is colourful", () => {
  assert.deepEqual(rounded(frameStatistics(frame(white, white))), {
    brightness: 1,
    contrast: 0,
    colourfulness: 0,
  });
  assert.deepEqual(rounded(frameStatistics(frame(black, white))), {
    brightness: 0.5,
    contrast: 0.5,
    colourfulness: 0,
  });
  // |red - green| = 1, (red + green) / 2 - blue = 1/2: no spread, .3 of the distance.
  assert.deepEqual(rounded(frameStatistics(frame(red, red))), {
    brightness: 0.213,
    contrast: 0,
    colourfulness: 0.335,
  });
});

test("change: the mean difference of brightness", () => {
  assert.equal(change(frame(black, white), frame(black, white)), 0);
  assert.ok(Math.abs(change(frame(black, black), frame(black, white)) - 0.5) < 1e-9);
});

test("a frame made smaller: the mean of each square, an odd edge is left out", () => {
  const size = { width: 3, height: 2 };
  assert.deepEqual(shrunk(frame(black, white, red, white, black, red), size, 2), {
    frame: frame([128, 128, 128]),
    width: 1,
    height: 1,
  });
});

test("embedding: the mean, of length 1, in signed bytes; nothing seen stays nothing", () => {
  const text = encodeEmbedding([Float32Array.of(6, 0, 8), Float32Array.of(0, 0, 0)]);
  assert.deepEqual(
    [...decodeEmbedding(text)].map((value) => Math.round(127 * value)),
    [76, 0, 102],
  );
  assert.deepEqual(decodeEmbedding(encodeEmbedding([new Float32Array(4)])), new Float32Array(4));
});
