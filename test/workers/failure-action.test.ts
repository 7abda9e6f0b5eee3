import assert from "node:assert/strict";
import { test } from "node:test";
import { TypedError } from "../../src/base/typed-error.ts";
import { RejectionError } from "../../src/transcode/base/rejection.ts";
import { type FailureAction, failureAction, Stopped } from "../../src/workers/failure-action.ts";
import { taskFailure } from "../../src/workers/tasks/task-failure.ts";

const diskFull = Object.assign(new Error("write"), { code: "ENOSPC" });
const passing = new TypedError("CANISTER_UNREACHABLE", "away");

const cells: [cell: string, thrown: unknown, triesLeft: number, expected: FailureAction][] = [
  ["the video is at fault", new RejectionError("NOT_A_VIDEO"), 4, "reject"],
  ["the video is at fault, last try", new RejectionError("TRUNCATED"), 0, "reject"],
  ["something else is at fault for good", new TypedError("UNAUTHORIZED", "no role"), 4, "fail"],
  ["it may pass", passing, 1, "retry"],
  ["it may pass, last try", passing, 0, "fail"],
  ["nobody foresaw it", new RangeError("index"), 4, "retry"],
  ["nobody foresaw it, last try", new RangeError("index"), 0, "fail"],
  ["no disk space for the encoder", new RejectionError("DISK_FULL"), 0, "hand-back-and-pause"],
  ["no disk space for a file", diskFull, 0, "hand-back-and-pause"],
];
for (const [cell, thrown, triesLeft, expected] of cells)
  test(`outcome: ${cell}`, () => assert.equal(failureAction(taskFailure(thrown), triesLeft), expected));

test("outcome: a lost lease leaves the job to its new owner, a stopping worker hands it back", () => {
  assert.equal(failureAction(new Stopped("lease-lost"), 4), "leave");
  assert.equal(failureAction(new Stopped("worker-stops"), 0), "hand-back");
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
