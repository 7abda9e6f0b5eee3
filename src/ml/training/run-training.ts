import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TypedError } from "../../telemetry/typed-error.ts";
import type { TrainModelOptions } from "./train-model.ts";
import { reportFiles, TrainingReport } from "./training-report.ts";
import { FromTraining, type ToTraining, type TrainingTask } from "./training-task.ts";

const defaultProgram = fileURLToPath(new URL("train-program.ts", import.meta.url));

/**
 * Does a training in a process of its own. Aborting lets it write a checkpoint first.
 * @param program for tests: what runs instead of the training
 * @returns the report, when the model lies in `task.out`
 * @throws TypedError of the training, TRAINING_DIED when its process ended without an answer; the signal's reason
 */
export async function runTraining(
  task: TrainingTask,
  { onProgress, onNotice, signal }: TrainModelOptions = {},
  program = defaultProgram,
): Promise<TrainingReport> {
  signal?.throwIfAborted();
  // Its standard error is kept: TensorFlow and drivers write what befell them there.
  const child = fork(program, [], { stdio: ["ignore", "inherit", "pipe", "ipc"] });
  let tail = "";
  child.stderr!.on("data", (data: Buffer) => {
    tail = (tail + data.toString()).slice(-2000);
  });
  let answer: FromTraining | undefined;
  child.on("message", (message) => {
    const said = FromTraining.parse(message);
    if (said.type === "progress") onProgress?.(said.progress);
    else if (said.type === "notice") onNotice?.(said.say);
    else answer = said;
  });
  const send = (message: ToTraining) => child.connected && child.send(message);
  const stop = () => send({ type: "stop" });
  signal?.addEventListener("abort", stop, { once: true });
  try {
    send({ type: "train", task });
    const [code, killedBy] = await once(child, "close");
    signal?.throwIfAborted();
    if (answer?.type === "done")
      return TrainingReport.parse(JSON.parse(await readFile(join(task.out, reportFiles.metrics), "utf8")));
    if (answer?.type === "failed") throw new TypedError(answer.code, answer.message, { final: answer.final });
    throw new TypedError(
      "TRAINING_DIED",
      `the process of the training ended without an answer (${killedBy ?? `exit code ${code}`}): go on from its checkpoint with --resume, or choose another --engine\n${tail.trim()}`,
      { final: false },
    );
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
