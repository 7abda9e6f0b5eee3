import assert from "node:assert/strict";
import { test } from "node:test";
import { fraction, snap } from "../../../src/transcode/plan/frame-rate.ts";
import { timing } from "../../../src/transcode/probe/timing.ts";

for (const [name, measured, declared, cap, expected] of [
  ["as declared", 29.97, 30000 / 1001, 60, "30000/1001"],
  ["milliseconds cannot tell 30 from 29.97: the container does", 30.3, 30, 60, "30"],
  ["a nonsense declaration is ignored", 23.95, 600, 60, "24000/1001"],
  ["between two rates: up, no frame is lost", 27, 90_000, 60, "30000/1001"],
  ["slow motion is capped", 240, 240, 60, "60"],
  ["the cap is a setting", 60, 60, 30, "30"],
  ["a slide show is repeated", 1, 1, 60, "10"],
] as const) {
  test(`frame rate: ${name}`, () => assert.equal(fraction(snap(measured, declared, cap)), expected));
}

const steady = (count: number, interval: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ time: from + index * interval, duration: interval }));

test("timing: steady, in decoding order", () => {
  const [a, b, c, d] = steady(4, 0.04);
  const measured = timing([a!, d!, b!, c!], "continuous");
  assert.deepEqual(
    { ...measured, duration: measured.duration.toFixed(3), rate: measured.rate.toFixed(3) },
    { packets: 4, duration: "0.160", rate: "25.000", constant: true },
  );
});

test("timing: a variable rate is that of the commonest interval", () => {
  const packets = [...steady(20, 0.04), ...steady(3, 0.2, 0.9)];
  const measured = timing(packets, "continuous");
  assert.equal(measured.constant, false);
  assert.equal(measured.rate.toFixed(3), "25.000");
});

test("timing: a clock that jumps does not make the video longer", () => {
  const measured = timing([...steady(25, 0.04), ...steady(25, 0.04, 95_000)], "may restart");
  assert.equal(measured.duration.toFixed(3), "2.000");
});

test("timing: elsewhere a long still picture belongs to the video", () => {
  assert.equal(
    timing([...steady(25, 0.04), ...steady(25, 0.04, 31)], "continuous").duration.toFixed(3),
    "32.000",
  );
});

test("timing: one frame, and none", () => {
  assert.deepEqual(timing([{ time: 5, duration: 0.1 }], "continuous"), {
    packets: 1,
    duration: 0.1,
    rate: 10,
    constant: true,
  });
  assert.deepEqual(timing([], "continuous"), { packets: 0, duration: 0, rate: 0, constant: true });
});
