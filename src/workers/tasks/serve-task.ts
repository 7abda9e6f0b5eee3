import type { Stage } from "../../videos/video.ts";
import type { Progress } from "../../videos/video-update.ts";
import { type FromChild, type TaskOf, type TaskResult, ToChild } from "./task.ts";
import { taskFailure } from "./task-failure.ts";

export type TaskControl = { signal: AbortSignal; onProgress: (progress: Progress) => void };

/** What does the work of each stage. All are idempotent; all stop, and clean up, when the signal says so. */
export type TaskHandlers = {
  [S in Stage]: (task: TaskOf<S>, control: TaskControl) => Promise<TaskResult<S>>;
};

/**
 * The whole life of a child process: it takes one task from its parent over IPC, tells its progress, answers
 * and exits. It exits at once when the parent is gone: nobody would take the answer.
 */
export function serveTask(handlers: TaskHandlers): void {
  const stop = new AbortController();
  const say = (message: FromChild) =>
    new Promise<void>((said) => {
      process.send!(message, () => said());
    });
  const run = async <S extends Stage>(task: TaskOf<S>) => {
    const control = {
      signal: stop.signal,
      onProgress: ({ stage, fraction }: Progress) =>
        void say({
          type: "progress",
          progress: { stage, fraction: Math.min(1, Math.max(0, fraction || 0)) },
        }),
    };
    try {
      await say({ type: "done", result: await handlers[task.stage as S](task, control) });
    } catch (error) {
      await say({ type: "failed", failure: taskFailure(error) });
    }
    process.exit();
  };
  // A Ctrl-C reaches the whole foreground group: it is the parent's to decide what becomes of the task.
  process.on("SIGINT", () => {}).on("SIGTERM", () => {});
  process.on("disconnect", () => process.exit(1));
  process.on("message", (message) => {
    const asked = ToChild.parse(message);
    if (asked.type === "stop") stop.abort();
    else void run(asked.task);
  });
}
