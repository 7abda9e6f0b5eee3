import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Registered } from "../registry/registered.ts";
import { reportFiles, TrainingReport } from "../training/report/training-report.ts";
import type { TrainingTask } from "../training/training-task.ts";
import type { Registration } from "./training-messages.ts";
import { askTraining, type TrainingProcessOptions } from "./training-process.ts";

/**
 * Runs a training in a process of its own. Aborting lets it write a checkpoint first.
 * @returns the report, when the model lies in `task.out`
 * @throws TypedError of the training, TRAINING_DIED when its process ended without an answer; the signal's reason
 */
export async function runTraining(
  task: TrainingTask,
  options: TrainingProcessOptions = {},
): Promise<TrainingReport> {
  await askTraining({ type: "train", task }, options);
  return TrainingReport.parse(JSON.parse(await readFile(join(task.out, reportFiles.metrics), "utf8")));
}

/**
 * Registers a finished training in a process of its own, because models are copied and hashed.
 * @throws TypedError as `registerTrained` and `runTraining`
 */
export async function runRegistration(
  task: TrainingTask,
  registration: Registration,
  options: TrainingProcessOptions = {},
): Promise<Registered> {
  const answer = await askTraining({ type: "register", task, registration }, options);
  if (answer.type === "registered") return answer.registered;
  throw new TypeError("a registration answered as a training");
}
