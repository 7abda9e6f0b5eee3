import assert from "node:assert/strict";
import { test } from "node:test";
import type { Progress } from "../../../src/videos/video-update.ts";
import { Stopped } from "../../../src/workers/failure-action.ts";
import { runTask } from "../../../src/workers/tasks/run-task.ts";

const program = new URL("odd-task-program.ts", import.meta.url);
const task = (source: string) => ({
  stage: "ingest" as const,
  source,
  sha256: "ab".repeat(32),
  original: "/nowhere",
});
const signal = new AbortController().signal;
const onProgress = () => {};

test("a child that crashes fails its task, which may pass", async () => {
  await assert.rejects(runTask(program, task("crash"), { signal, onProgress }), {
    code: "TASK_LOST",
    final: false,
    message: "the task's process ended without an answer (SIGSEGV)",
  });
});

test("a child that does not keep to the protocol is killed", async () => {
  await assert.rejects(runTask(program, task("babble"), { signal, onProgress }), {
    code: "TASK_LOST",
    final: false,
    message: /killed for an invalid message/,
  });
});

test("a share that is none is told as one", async () => {
  const told: Progress[] = [];
  await runTask(program, task("overdo"), { signal, onProgress: (progress) => told.push(progress) });
  assert.deepEqual(told, [
    { stage: "overdo", fraction: 0 },
    { stage: "over", fraction: 0 },
  ]);
});

test("an answer that is none is refused", async () => {
  const publish = {
    stage: "publish" as const,
    video: "ab".repeat(16),
    attempt: 1,
    title: "t",
    folder: "/nowhere",
  };
  await assert.rejects(runTask(program, publish, { signal, onProgress }), {
    code: "TASK_LOST",
    message: /Invalid URL/,
  });
});

test("an aborted task ends with the reason, after its child", async () => {
  const stop = new AbortController();
  const stopped = new Stopped("worker-stops");
  const running = runTask(program, task("wait"), {
    signal: stop.signal,
    onProgress: () => stop.abort(stopped),
  });
  await assert.rejects(running, (error) => error === stopped);
});
