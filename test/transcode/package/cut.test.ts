import assert from "node:assert/strict";
import { test } from "node:test";
import { cut } from "../../../src/transcode/package/cut.ts";
import type { Intermediate } from "../../../src/transcode/package/intermediate.ts";

const source = (kind: Intermediate["kind"]): Intermediate => ({
  name: "track",
  kind,
  parts: [],
  framesPerSecond: 30,
  segments: { segment: 60, group: 30, short: 2 },
  endSeconds: 10,
});
type Timed = { type: "key" | "delta"; timestamp: number; duration: number };
async function* stream(packets: Timed[]) {
  yield* packets;
}
const pictures = (count: number, keys: number) =>
  Array.from({ length: count }, (_, index) => ({
    type: index % keys === 0 ? ("key" as const) : ("delta" as const),
    timestamp: index / 30,
    duration: 1 / 30,
  }));

test("video is cut by frames; a group may end within a segment", async () => {
  const lengths: number[] = [];
  for await (const { packets, seconds } of cut(source("video"), stream(pictures(200, 30)))) {
    lengths.push(packets.length);
    assert.equal(seconds, Number((packets.length / 30).toFixed(12)));
  }
  assert.deepEqual(lengths, [30, 30, 60, 60, 20]);
});

test("a segment leaves with its last packet, not with the first of the next one", async () => {
  let read = 0;
  async function* counted() {
    for (const packet of pictures(200, 30)) {
      read++;
      yield packet;
    }
  }
  await cut(source("video"), counted()).next();
  assert.equal(read, 30);
});

test("video without a keyframe where a segment begins is refused", async () => {
  const cuts = cut(source("video"), stream(pictures(200, 120)));
  await cuts.next();
  await assert.rejects(cuts.next(), { code: "PACKAGE_FAILED", message: /segment 1 does not begin/ });
});

test("sound is cut on the picture's grid, up to a packet earlier, without drifting away", async () => {
  const duration = 1024 / 48_000;
  const packets = Array.from({ length: 470 }, (_, index) => ({
    type: "key" as const,
    timestamp: index * duration,
    duration,
  }));
  const starts: number[] = [];
  let end = 0;
  for await (const { packets: some, seconds } of cut(source("audio"), stream(packets))) {
    starts.push(some[0]!.timestamp);
    assert.ok(Math.abs(some[0]!.timestamp - end) < 1e-9);
    end += seconds;
  }
  const early = starts.map((start, index) => [0, 1, 2, 4, 6, 8, 10][index]! - start);
  assert.ok(
    early.every((by) => by >= 0 && by < duration),
    `${early}`,
  );
  assert.equal(starts.length, 7);
  assert.ok(Math.abs(end - 470 * duration) < 1e-9);
});
