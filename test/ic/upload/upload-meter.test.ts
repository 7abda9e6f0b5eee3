import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bandwidth, byBucket, describeBandwidth } from "../../../src/ic/upload/bandwidth.ts";
import { UploadMeter, type UploadProgress } from "../../../src/ic/upload/upload-meter.ts";

test("two calls that overlap for half of the time; pauses do not count", () => {
  let now = 0;
  const told: UploadProgress[] = [];
  const meter = new UploadMeter(
    5_000_000,
    (progress) => told.push(progress),
    () => now,
  );
  now = 1_000;
  const first = meter.flight(3, 2_000_000);
  now = 2_000;
  const second = meter.flight(1, 1_000_000);
  meter.repeated();
  now = 3_000;
  first[Symbol.dispose]();
  second[Symbol.dispose]();
  meter.arrived(4, 3_000_000);
  now = 9_000;
  const third = meter.flight(1, 1_000_000);
  now = 11_000;
  third[Symbol.dispose]();
  meter.arrived(1, 1_000_000);
  assert.deepEqual(meter.bandwidth("aaaaa-aa"), {
    bucket: "aaaaa-aa",
    bytes: 4_000_000,
    chunks: 5,
    seconds: 4,
    callsInFlight: { mean: 1.25, most: 2 },
    chunksInFlight: { mean: 2.25, most: 4 },
    repeated: 1,
  });
  assert.deepEqual(told.at(-1), {
    phase: "send",
    totalBytes: 5_000_000,
    sentBytes: 4_000_000,
    seconds: 4,
    bytesInFlight: 0,
    callsInFlight: 0,
  });
});

const sent: Bandwidth = {
  bucket: "a",
  bytes: 6_000_000,
  chunks: 6,
  seconds: 3,
  callsInFlight: { mean: 2, most: 4 },
  chunksInFlight: { mean: 2, most: 4 },
  repeated: 0,
};

test("consecutive uploads to a bucket are summed up, and means are weighted by time", () => {
  const more = { ...sent, seconds: 1, callsInFlight: { mean: 6, most: 9 }, repeated: 2 };
  const none = { mean: 0, most: 0 };
  const nothing = { ...sent, bucket: "b", bytes: 0, chunks: 0, seconds: 0, callsInFlight: none };
  const joined = {
    ...sent,
    bytes: 12_000_000,
    chunks: 12,
    seconds: 4,
    callsInFlight: { mean: 3, most: 9 },
    repeated: 2,
  };
  assert.deepEqual(byBucket([sent, nothing, more]), [joined, nothing]);
});

test("in words", () => {
  assert.equal(
    describeBandwidth({ ...sent, repeated: 1 }),
    "a: 6.0 MB in 3.0 s, 2.0 MB/s, 2.0 (at most 4) chunks in 2.0 (at most 4) calls in flight, 1 repeated",
  );
  assert.equal(describeBandwidth({ ...sent, chunks: 0 }), "a: nothing had to be sent");
});
