import assert from "node:assert/strict";
import { test } from "node:test";
import { fraction, snap } from "../../../src/transcode/plan/frame-rate.ts";
import { timing } from "../../../src/transcode/probe/timing.ts";

for (const [name, measured, declared, spacing, cap, expected] of [
  ["as declared", 29.97, 30000 / 1001, "steady", 60, "30000/1001"],
  ["milliseconds cannot distinguish 30 from 29.97: the container does", 30.3, 30, "steady", 60, "30"],
  ["a nonsense declaration is ignored", 23.95, 600, "steady", 60, "24000/1001"],
  ["unsteady, between two rates: up, no frame is lost", 27, 90_000, "unsteady", 60, "30000/1001"],
  ["steady, between two rates: kept", 27, 90_000, "steady", 60, "27"],
  ["12.5 frames a second", 12.5, 12.5, "steady", 60, "25/2"],
  ["half of NTSC's rate, in milliseconds", 14.986, 15000 / 1001, "steady", 60, "15"],
  ["18 of amateur film", 18, 18, "steady", 60, "18"],
  ["far from a declared standard rate", 28.8, 30, "steady", 60, "144/5"],
  ["a rate without a simple fraction", 17.3456, 1000, "steady", 60, "17363/1001"],
  ["below the lowest: a multiple, without judder", 7.5, 7.5, "steady", 60, "15"],
  ["below the lowest, three to one", 4, 4, "steady", 60, "12"],
  ["below the lowest, of no standard rate", 8, 8, "steady", 60, "16"],
  ["slow motion is capped", 240, 240, "steady", 60, "60"],
  ["the cap is a setting", 60, 60, "steady", 30, "30"],
  ["a slide show is repeated", 1, 1, "steady", 60, "10"],
  ["nothing measured", 0, Number.NaN, "steady", 60, "10"],
] as const) {
  test(`frame rate: ${name}`, () =>
    assert.equal(fraction(snap(measured, declared, { spacing, cap })), expected));
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

test("timing: a clock that jumps back a little starts a new run, and reordered frames do not", () => {
  // Each of three frames is shown after the two that are decoded later.
  const reordered = (from: number) =>
    steady(30, 0.04, from).map(({ time, duration }, index) => ({
      time: time + [0.12, 0.04, 0][index % 3]!,
      duration,
      decode: time,
    }));
  const once = timing(reordered(1.4), "may restart");
  const twice = timing([...reordered(1.4), ...reordered(1.4)], "may restart");
  assert.equal(twice.packets, 60);
  assert.equal(twice.duration.toFixed(3), (2 * once.duration).toFixed(3));
  // Where a clock cannot restart, such times are shown twice.
  assert.ok(timing([...reordered(1.4), ...reordered(1.4)], "continuous").duration < 1.5 * once.duration);
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
