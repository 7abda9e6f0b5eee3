import assert from "node:assert/strict";
import { test } from "node:test";
import { perSecond, standardRates } from "../../../src/transcode/plan/frame-rate.ts";
import { segmentGrid, segmentStart, startsSegment } from "../../../src/transcode/plan/segment-grid.ts";

for (const [cell, seconds, rate, first, expected] of [
  ["29.97", 2, 30000 / 1001, "short", { segment: 60, group: 30, short: 2 }],
  ["23.976", 2, 24000 / 1001, "short", { segment: 48, group: 24, short: 2 }],
  ["60 at one second", 1, 60, "short", { segment: 60, group: 30, short: 2 }],
  ["25 at one second: never longer", 1, 25, "short", { segment: 24, group: 12, short: 2 }],
  ["10 at a quarter of a second", 0.25, 10, "short", { segment: 2, group: 1, short: 2 }],
  ["25 at one second, all alike", 1, 25, "full", { segment: 25, group: 25, short: 0 }],
] as const)
  test(`segments: ${cell}`, () => assert.deepEqual(segmentGrid(seconds, rate, first), expected));

test("segments: the grid after the short ones is the same as without them, at every rate", () => {
  for (const rate of standardRates.map(perSecond)) {
    const starts = (first: "short" | "full") =>
      Array.from({ length: 6 }, (_, index) => segmentStart(segmentGrid(2, rate, first), index));
    const [whole, short] = [starts("full"), starts("short")];
    assert.deepEqual(short, [0, whole[1]! / 2, ...whole.slice(1, 5)]);
  }
});

test("segments: a frame is a start exactly when a segment begins with it", () => {
  const grid = { segment: 60, group: 30, short: 2 };
  const frames = Array.from({ length: 200 }, (_, frame) => frame);
  assert.deepEqual(
    frames.filter((frame) => startsSegment(grid, frame)),
    [0, 30, 60, 120, 180],
  );
});
