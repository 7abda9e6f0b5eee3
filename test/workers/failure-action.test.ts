import assert from "node:assert/strict";
import { test } from "node:test";
import { TypedError } from "../../src/base/typed-error.ts";
import { RejectionError } from "../../src/transcode/base/rejection.ts";
import { type FailureAction, failureAction, Stopped, waitMs } from "../../src/workers/failure-action.ts";
import { taskFailure } from "../../src/workers/tasks/task-failure.ts";

const diskFull = Object.assign(new Error("write"), { code: "ENOSPC" });
const encode = new TypedError("ENCODE_FAILED", "signal 9");
const unreachable = new TypedError("CANISTER_UNREACHABLE", "away");

const cells: [cell: string, thrown: unknown, triesLeft: number, expected: FailureAction][] = [
  ["the video is at fault", new RejectionError("NOT_A_VIDEO"), 4, "reject"],
  ["the video is at fault, last try", new RejectionError("TRUNCATED"), 0, "reject"],
  ["something else is at fault for good", new TypedError("UNAUTHORIZED", "no role"), 4, "fail"],
  ["an encode failed", encode, 1, "retry"],
  ["an encode failed, last try", encode, 0, "fail"],
  ["the network is away, however often", unreachable, 0, "wait"],
  ["the storage canister is full", new TypedError("OUT_OF_SPACE", "full"), 0, "wait"],
  ["the blob store is away", new TypedError("BLOBS_MISSING", "not mounted"), 0, "wait"],
  ["nobody foresaw it", new RangeError("index"), 4, "retry"],
  ["nobody foresaw it, last try", new RangeError("index"), 0, "fail"],
  ["no disk space for the encoder", new RejectionError("DISK_FULL"), 0, "wait"],
  ["no disk space for a file", diskFull, 0, "wait"],
];
for (const [cell, thrown, triesLeft, expected] of cells)
  test(`outcome: ${cell}`, () =>
    assert.equal(failureAction(taskFailure(thrown), { made: 0, left: triesLeft }), expected));

for (const code of [
  "PROBE_LIMIT",
  "READER_DIED",
  "ANALYSIS_LIMIT",
  "ENCODE_TOO_SLOW",
  "OUT_OF_MEMORY",
] as const)
  test(`outcome: ${code} is tried once more, then it is the video's own`, () => {
    const failure = taskFailure(new TypedError(code, "killed for its bounds"));
    assert.equal(failureAction(failure, { made: 0, left: 2 }), "retry");
    assert.equal(failureAction(failure, { made: 1, left: 1 }), "fail");
  });

test("outcome: a lost lease leaves the job to its new owner, a stopping worker hands it back", () => {
  assert.equal(failureAction(new Stopped("lease-lost"), { made: 0, left: 4 }), "leave");
  assert.equal(failureAction(new Stopped("worker-stops"), { made: 1, left: 0 }), "hand-back");
});

test("what a task threw crosses to the worker as data, with a stack only when nobody foresaw it", () => {
  assert.deepEqual(taskFailure(new RejectionError("NO_VIDEO_STREAM")), {
    kind: "rejection",
    code: "NO_VIDEO_STREAM",
    message: "the file has no video stream",
  });
  const { kind, code, message, stack } = taskFailure(new RangeError("index"));
  assert.deepEqual(
    { kind, code, message },
    { kind: "passing", code: "UNEXPECTED", message: "RangeError: index" },
  );
  assert.match(stack!, /failure-action\.test/);
});

test("waiting: the pause grows with the time already waited, up to five minutes, the upper half by chance", () => {
  assert.deepEqual(
    [0, 10_000, 60_000, 36_000_000].map((waited) => [waitMs(waited, 0), waitMs(waited, 1)]),
    [
      [1_000, 2_000],
      [5_000, 10_000],
      [30_000, 60_000],
      [150_000, 300_000],
    ],
  );
});
