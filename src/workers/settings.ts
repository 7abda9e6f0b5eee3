import { z } from "zod";
import { Stage } from "../videos/video.ts";

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** What a worker can do. */
export const workerStages = [...Stage.options, "train"] as const;
export type WorkerStage = (typeof workerStages)[number];

const Stages = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(z.enum(workerStages)).min(1));

export const WorkerSettings = z.object({
  /** Which stages this worker takes: a host with a GPU for models may take trainings alone. */
  KILN_STAGES: Stages.prefault(workerStages.join(",")),
  /** Encodes at a time. One x264 keeps several cores busy, so few are enough. */
  KILN_CPU_SLOTS: whole(1, 64).default(1),
  /** Uploads at a time: they wait for the network more than they compute. */
  KILN_PUBLISH_SLOTS: whole(1, 64).default(2),
  /** Trainings at a time. */
  KILN_TRAIN_SLOTS: whole(1, 64).default(1),
  /** A worker that was not heard of for so long has lost its jobs. Seconds. */
  KILN_LOCK_SECONDS: whole(1, 600).default(30),
  /** What a stopping worker gives its jobs to finish before it hands them back. Seconds. */
  KILN_STOP_SECONDS: whole(0, 3600).default(20),
  /** Below so many free bytes in the blob store no job is taken. */
  KILN_MIN_FREE_BYTES: whole(0, Number.MAX_SAFE_INTEGER).default(1_000_000_000),
});
