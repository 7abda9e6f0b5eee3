import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ladder } from "../../../src/transcode/plan/ladder.ts";

const steps = [1080, 720, 480, 360, 240];
const sizes = (width: number, height: number) =>
  ladder({ width, height }, 30, steps).map((rung) => `${rung.name} ${rung.width}x${rung.height}`);

for (const [name, width, height, expected] of [
  [
    "landscape",
    1920,
    1080,
    ["1080p 1920x1080", "720p 1280x720", "480p 854x480", "360p 640x360", "240p 426x240"],
  ],
  [
    "portrait",
    1080,
    1920,
    ["1080p 1080x1920", "720p 720x1280", "480p 480x854", "360p 360x640", "240p 240x426"],
  ],
  ["8K", 7680, 4320, ["1080p 1920x1080", "720p 1280x720", "480p 854x480", "360p 640x360", "240p 426x240"]],
  [
    "a step missed by little",
    1072,
    1072,
    ["1080p 1072x1072", "720p 720x720", "480p 480x480", "360p 360x360", "240p 240x240"],
  ],
  ["between two steps", 576, 1024, ["576p 576x1024", "480p 480x854", "360p 360x640", "240p 240x426"]],
  ["tablet", 1280, 960, ["960p 1280x960", "720p 960x720", "480p 640x480", "360p 480x360", "240p 320x240"]],
  ["a step passed by little", 940, 528, ["480p 854x480", "360p 640x360", "240p 428x240"]],
  [
    "above the largest step",
    2560,
    1440,
    ["1080p 1920x1080", "720p 1280x720", "480p 854x480", "360p 640x360", "240p 426x240"],
  ],
  ["below the lowest, odd", 161, 121, ["120p 160x120"]],
  ["a thread", 16, 4000, ["16p 16x4000"]],
  ["a panorama longer than decoders take", 12000, 1080, ["1080p 4096x368", "360p 4000x360", "240p 2666x240"]],
] as const) {
  test(`ladder: ${name}`, () => assert.deepEqual(sizes(width, height), expected));
}

for (const [name, width, height, rate, top] of [
  ["1080p60", 1920, 1080, 60, "1920x1080"],
  ["a screen of 20:9 at 60", 1080, 2400, 60, "992x2204"],
  ["a screen of 20:9 at 30", 1080, 2400, 30, "992x2204"],
  ["1200 lines of a tablet", 1920, 1200, 30, "1728x1080"],
] as const)
  test(`ladder: the largest rung fits into level 4.2: ${name}`, () => {
    const [rung] = ladder({ width, height }, rate, steps);
    assert.equal(`${rung!.width}x${rung!.height}`, top);
    const macroblocks = Math.ceil(rung!.width / 16) * Math.ceil(rung!.height / 16);
    assert.ok(macroblocks <= 8704 && macroblocks * rate <= 522_240);
  });

test("ladder: never upscaled, always even, never empty, smaller and cheaper step by step", () => {
  const side = fc.integer({ min: 2, max: 9000 });
  const ladders = fc.uniqueArray(fc.integer({ min: 16, max: 2160 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(side, side, ladders, fc.integer({ min: 10, max: 60 }), (width, height, chosen, rate) => {
      const rungs = ladder({ width, height }, rate, chosen);
      assert.ok(rungs.length >= 1 && rungs.length <= chosen.length + 1);
      for (const [index, rung] of rungs.entries()) {
        assert.ok(rung.width % 2 === 0 && rung.height % 2 === 0);
        assert.ok(rung.width <= width && rung.height <= height && Math.min(rung.width, rung.height) >= 2);
        const above = rungs[index - 1];
        if (above)
          assert.ok(rung.width * rung.height < above.width * above.height && rung.bitrate <= above.bitrate);
      }
      assert.equal(new Set(rungs.map(({ name }) => name)).size, rungs.length);
    }),
  );
});
