import { serveChild, service } from "../../base/processes/serve-child.ts";
import { Stage } from "../../videos/video.ts";
import type { Progress } from "../../videos/video-update.ts";
import { type TaskOf, type TaskResult, taskOperation } from "./task.ts";

export type TaskControl = { signal: AbortSignal; onProgress: (progress: Progress) => void };

/** The work of each stage. All are idempotent; all stop, and clean up, when the signal is aborted. */
export type TaskHandlers = {
  [S in Stage]: (task: TaskOf<S>, control: TaskControl) => Promise<TaskResult<S>>;
};

/** The whole life of a child process that does a worker's tasks. */
export function serveTask(handlers: TaskHandlers): void {
  const serve = <S extends Stage>(stage: S) =>
    service(taskOperation(stage), (task, { signal, report }) =>
      handlers[stage](task, {
        signal,
        onProgress: ({ stage, fraction }) =>
          report({ stage, fraction: Math.min(1, Math.max(0, fraction || 0)) }),
      }),
    );
  serveChild(Stage.options.map(serve));
}
