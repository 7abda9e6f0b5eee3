import assert from "node:assert/strict";
import { test } from "node:test";
import { thumbhashBitmap } from "../../../src/ic/publish/thumbhash-bitmap.ts";
import { thumbhash } from "../../../src/transcode/pictures/thumbhash.ts";

for (const [name, width, height] of [
  ["landscape", 32, 18],
  ["portrait", 18, 32],
] as const) {
  test(`thumbhash: a smooth picture is reproduced, ${name}`, () => {
    const colour = (x: number, y: number) => [
      200 * (x / width),
      60 + 120 * (y / height),
      120 + 60 * Math.cos((Math.PI * x) / width),
    ];
    const picture = Uint8Array.from(
      Array.from({ length: width * height }, (_, at) => colour(at % width, Math.floor(at / width))).flat(),
    );
    const bitmap = thumbhashBitmap(thumbhash(picture, { width, height }), {
      width: width * 40,
      height: height * 40,
    });
    assert.equal(bitmap.length, 54 + height * Math.ceil((3 * width) / 4) * 4);
    const shown: number[] = [];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = 54 + y * Math.ceil((3 * width) / 4) * 4 + 3 * x;
        shown.push(bitmap[at + 2]!, bitmap[at + 1]!, bitmap[at]!);
      }
    const differences = shown.map((value, index) => Math.abs(value - picture[index]!));
    const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
    assert.ok(mean < 12, `${mean} of 255 away`);
  });
}

test("thumbhash: a truncated one still gives a picture with the right aspect ratio", () => {
  const bitmap = thumbhashBitmap("ngcKNZhw", { width: 1080, height: 1920 });
  assert.deepEqual([bitmap.readInt32LE(18), bitmap.readInt32LE(22)], [18, -32]);
});
