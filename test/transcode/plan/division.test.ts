import assert from "node:assert/strict";
import { test } from "node:test";
import { division } from "../../../src/transcode/plan/division.ts";

const segments = { segment: 60, group: 30, short: 2 };
const policy = { partsAbove: 180, partSeconds: 60 };
const starts = (frames: number, rate: number, chosen = policy) =>
  division({ frames, own: frames }, rate, { segments, clock: "continuous" }, chosen).map(
    ({ start }) => start,
  );

for (const [cell, frames, rate, chosen, expected] of [
  ["as long as allowed", 5400, 30, policy, [0]],
  ["one frame longer: equal parts of whole segments", 5401, 30, policy, [0, 1320, 2700, 4080]],
  ["29.97", 6000, 30000 / 1001, policy, [0, 1500, 3000, 4500]],
  ["switched off", 60_000, 30, { ...policy, partsAbove: 0 }, [0]],
  ["parts shorter than a segment", 150, 30, { partsAbove: 1, partSeconds: 1 }, [0, 60, 120]],
] as const)
  test(`division: ${cell}`, () => assert.deepEqual(starts(frames, rate, chosen), expected));

test("division: parts follow each other and end with the video", () => {
  const parts = division({ frames: 10_001, own: 10_001 }, 30, { segments, clock: "continuous" }, policy);
  let end = 0;
  for (const { start, frames } of parts) {
    assert.equal(start, end);
    end += frames;
  }
  assert.equal(end, 10_001);
});

test("division: a clock that may restart is not sought in", () => {
  assert.deepEqual(division({ frames: 9000, own: 9000 }, 30, { segments, clock: "may restart" }, policy), [
    { start: 0, frames: 9000 },
  ]);
});

test("a frame that is held at the end lengthens the last part, and divides nothing", () => {
  const held = division({ frames: 30_000, own: 10_001 }, 30, { segments, clock: "continuous" }, policy);
  const plain = division({ frames: 10_001, own: 10_001 }, 30, { segments, clock: "continuous" }, policy);
  assert.deepEqual(held.slice(0, -1), plain.slice(0, -1));
  assert.equal(held.at(-1)!.frames, plain.at(-1)!.frames + 19_999);
  const still = { frames: 30_000, own: 1 };
  assert.deepEqual(division(still, 30, { segments, clock: "continuous" }, policy), [
    { start: 0, frames: 30_000 },
  ]);
});
