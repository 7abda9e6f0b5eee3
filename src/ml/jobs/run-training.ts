import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { askChild } from "../../base/processes/ask-child.ts";
import type { Operation } from "../../base/processes/operation.ts";
import { ChildLost } from "../../base/processes/start-child.ts";
import { TypedError } from "../../base/typed-error.ts";
import type { Registered } from "../registry/registered.ts";
import { reportFiles, TrainingReport } from "../training/report/training-report.ts";
import type { TrainModelOptions } from "../training/train-model.ts";
import type { TrainingTask } from "../training/training-task.ts";
import { type Registration, registerOperation, trainOperation } from "./training-operations.ts";

export type TrainingProcessOptions = TrainModelOptions & {
  /** Aborted when not even the checkpoint is wanted any more: the process is killed. */
  abandoned?: AbortSignal;
  /** For tests: what runs instead of the training. */
  program?: string;
};

/** For a stopped training to end its step and to write its checkpoint. */
const graceMs = 30_000;

/**
 * Runs a training in a process of its own. Aborting lets it write a checkpoint first.
 * @returns the report, when the model lies in `task.out`
 * @throws TypedError of the training, TRAINING_DIED when its process ended without an answer; the signal's reason
 */
export async function runTraining(
  task: TrainingTask,
  { onProgress, onNotice, ...options }: TrainingProcessOptions = {},
): Promise<TrainingReport> {
  await ask(trainOperation, task, options, (report) => {
    if (report.type === "progress") onProgress?.(report.progress);
    else onNotice?.(report.notice);
  });
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
  return await ask(registerOperation, { task, registration }, options);
}

async function ask<Request, Report, Answer>(
  operation: Operation<Request, Report, Answer>,
  request: Request,
  { signal, abandoned, program }: TrainingProcessOptions,
  onReport?: (report: Report) => void,
): Promise<Answer> {
  const url = program === undefined ? new URL("train-program.ts", import.meta.url) : pathToFileURL(program);
  try {
    return await askChild(url, operation, request, { signal, abandoned, graceMs, onReport });
  } catch (cause) {
    if (!(cause instanceof ChildLost)) throw cause;
    throw new TypedError(
      "TRAINING_DIED",
      `the training's process ended without an answer: go on from its checkpoint with --resume, or choose another --engine (${cause.message})`,
      { cause },
    );
  }
}
