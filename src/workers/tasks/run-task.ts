import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Stage } from "../../videos/video.ts";
import type { Progress } from "../../videos/video-update.ts";
import { FromChild, type TaskOf, type TaskResult, type ToChild, taskResults } from "./task.ts";
import { TaskError } from "./task-failure.ts";

/** What a child gets to stop ffmpeg and to clean up; then it is killed, and ffmpeg with it. */
const stopMs = 5_000;

/**
 * Runs a task in a child process of its own, so that no computation delays the renewal of leases here. The
 * kernel kills the child when this process dies, also by `kill -9`; ffmpeg dies with the child in the same way.
 * @param program a module that calls serveTask
 * @throws TaskError what the task failed with; TASK_LOST when the child died
 * @throws the signal's reason when it was aborted; the child has ended by then
 */
export async function runTask<S extends Stage>(
  program: URL,
  task: TaskOf<S>,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: Progress) => void },
): Promise<TaskResult<S>> {
  signal.throwIfAborted();
  const child = fork(fileURLToPath(program), {
    execPath: "setpriv",
    execArgv: ["--pdeathsig", "KILL", process.execPath],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  // A child that is gone cannot be told anything; its exit says so.
  const say = (message: ToChild) => child.send(message, () => {});
  let answer: Exclude<FromChild, { type: "progress" }> | undefined;
  child.on("message", (raw) => {
    const { data: message } = FromChild.safeParse(raw);
    if (message?.type === "progress") onProgress(message.progress);
    else if (message) answer = message;
    // Whatever it is that talks like this, its result is not to be trusted.
    else child.kill("SIGKILL");
  });
  let killer: NodeJS.Timeout | undefined;
  const stop = () => {
    say({ type: "stop" });
    killer = setTimeout(() => child.kill("SIGKILL"), stopMs);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    say({ type: "run", task });
    // Not "exit": that one may come before the last message.
    const [code, killedBy] = await once(child, "close");
    if (answer?.type === "done") return taskResults[task.stage as S].parse(answer.result) as TaskResult<S>;
    signal.throwIfAborted();
    throw new TaskError(
      answer?.failure ?? {
        kind: "passing",
        code: "TASK_LOST",
        message: `the process of the task ended without an answer (${killedBy ?? `exit code ${code}`})`,
      },
    );
  } finally {
    clearTimeout(killer);
    signal.removeEventListener("abort", stop);
  }
}
