import { createHash } from "node:crypto";
import { z } from "zod";
import { Registration } from "../ml/jobs/training-operations.ts";
import { Registered } from "../ml/registry/registered.ts";
import { TrainingTask } from "../ml/training/training-task.ts";

export const trainingQueueName = "train";

/** A training for a worker. Paths are absolute: workers need to see the same folders. */
export const TrainingJob = z.strictObject({
  task: TrainingTask,
  /** Absent: the model stays in `task.out`. */
  registration: Registration.optional(),
  /** How far the previous attempts came; once begun, the next one continues from the checkpoint. */
  reached: z.enum(["nothing", "begun", "trained"]).default("nothing"),
});
export type TrainingJob = z.output<typeof TrainingJob>;

/** The result of a training. */
export const TrainingResult = z.strictObject({ out: z.string(), registered: Registered.optional() });
export type TrainingResult = z.output<typeof TrainingResult>;

/** Derived from the folder, so that only one training at a time writes into it. */
export const trainingJobId = ({ task }: Pick<TrainingJob, "task">): string =>
  `train-${createHash("sha256").update(task.out).digest("hex").slice(0, 32)}`;
