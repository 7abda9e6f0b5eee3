import { createHash } from "node:crypto";
import { z } from "zod";
import { Registration } from "../ml/jobs/training-operations.ts";
import { Registered } from "../ml/registry/registered.ts";
import { TrainingTask } from "../ml/training/training-task.ts";

export const trainingQueueName = "train";

/** A training that a worker is asked for. Paths are absolute: workers must see the same folders. */
export const TrainingJob = z.strictObject({
  task: TrainingTask,
  /** Absent: the model stays in `task.out`. */
  registration: Registration.optional(),
  /** How far the attempts so far have come; once begun, the next one goes on from the checkpoint. */
  reached: z.enum(["nothing", "begun", "trained"]).default("nothing"),
});
export type TrainingJob = z.output<typeof TrainingJob>;

/** What a training ends in. */
export const TrainingResult = z.strictObject({ out: z.string(), registered: Registered.optional() });
export type TrainingResult = z.output<typeof TrainingResult>;

/** Two trainings must not write into one folder at a time: its name is the job's. */
export const trainingJobId = ({ task }: Pick<TrainingJob, "task">): string =>
  `train-${createHash("sha256").update(task.out).digest("hex").slice(0, 32)}`;
