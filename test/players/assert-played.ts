import assert from "node:assert/strict";
import type { Manifest } from "../../src/transcode/manifest.ts";
import type { Seen } from "./open-page.ts";

/** Seconds of one frame of AAC: as far as a track may end from another. */
const soundFrame = 1024 / 48_000;
const rounding = 0.001;

/** Everything of a video was played: no gap, no error, and each picture at its own time. */
export function assertPlayed(seen: Seen, { duration, frameRate, audio }: Manifest): void {
  assert.deepEqual(seen.troubles, []);
  assert.equal(seen.ended, true);
  assertWithin([seen.duration], [duration], audio ? soundFrame : 0);
  assert.equal(seen.played.length, 1);
  assertWithin(seen.played[0]!, [0, duration], audio ? soundFrame : 0);
  assert.equal(seen.tracks.length, audio ? 2 : 1);
  for (const [range, ...others] of seen.tracks) {
    assert.deepEqual(others, [], "a hole");
    assertWithin(range!, [0, duration], audio ? soundFrame : 0);
  }
  assert.ok(seen.frames.length > 10);
  const rate = frameRate.numerator / frameRate.denominator;
  const wrong = seen.frames.filter(({ time, number }) => Math.round(time * rate) !== number);
  assert.deepEqual(wrong, []);
}

function assertWithin(actual: number[], expected: number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (const [index, value] of expected.entries())
    assert.ok(Math.abs(actual[index]! - value) <= tolerance + rounding, `${actual} instead of ${expected}`);
}
