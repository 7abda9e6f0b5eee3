import { askChild } from "../../base/processes/ask-child.ts";
import { ChildLost } from "../../base/processes/start-child.ts";
import { TypedError } from "../../base/typed-error.ts";
import type { Stage } from "../../videos/video.ts";
import type { Progress } from "../../videos/video-update.ts";
import { type TaskOf, type TaskResult, taskOperation } from "./task.ts";

/** For a child to stop ffmpeg and to clean up. */
const graceMs = 5_000;

/**
 * Runs a task in a child process of its own, so that no computation delays the renewal of leases here. ffmpeg dies with
 * the child, as the child does with this process.
 * @param program a module that calls serveTask
 * @throws TypedError as the task; TASK_LOST when the child died
 * @throws the signal's reason when it was aborted; the child has ended by then
 */
export async function runTask<S extends Stage>(
  program: URL,
  task: TaskOf<S>,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: Progress) => void },
): Promise<TaskResult<S>> {
  try {
    const operation = taskOperation(task.stage as S);
    return await askChild(program, operation, task, { signal, graceMs, onReport: onProgress });
  } catch (cause) {
    if (!(cause instanceof ChildLost)) throw cause;
    throw new TypedError("TASK_LOST", `the task's process ended without an answer (${cause.message})`, {
      cause,
    });
  }
}
