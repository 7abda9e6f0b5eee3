import assert from "node:assert/strict";
import { test } from "node:test";
import { longest } from "../../../src/transcode/probe/frame-sizes.ts";

const lying = { width: 640, height: 360 };
const upright = { width: 360, height: 640 };
const video = { start: 0, timing: { packets: 90, duration: 9, rate: 10, constant: true } };

test("the size that is shown longest", () => {
  const turned = [
    { time: 0, ...lying },
    { time: 2, ...upright },
    { time: 5, ...lying },
    { time: 6, ...upright },
  ];
  assert.deepEqual(longest(turned, video), upright);
  assert.deepEqual(longest(turned.slice(0, 3), video), lying);
});

test("one size, no keyframe, and frames without a size", () => {
  assert.equal(
    longest(
      [
        { time: 0, ...lying },
        { time: 4, ...lying },
      ],
      video,
    ),
    null,
  );
  assert.equal(longest([], video), null);
  assert.equal(
    longest(
      [
        { time: 0, width: 0, height: 0 },
        { time: 4, ...lying },
      ],
      video,
    ),
    null,
  );
});
